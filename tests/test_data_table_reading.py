"""Tables in whatever dialect are read to the values that were written; what can't be is told with line and cure."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tunelab.data.tables.raw_table import RawTable
from tunelab.data.tables.reading import read_raw
from tunelab.data.tables.text_source import TextSource
from tunelab.errors import BadInput


def table_of(tmp_path: Path, content: str | bytes, name: str = "mine.csv") -> RawTable:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_raw(path)


def values(table: RawTable) -> list[list[Any]]:
    """Every column's values, None where missing."""
    return [
        [None if np.isnan(v) else v for v in column.numbers.tolist()] if column.numbers is not None
        else column.texts.to_list()  # type: ignore[union-attr]
        for column in table.columns
    ]  # fmt: skip


def names(table: RawTable) -> list[str]:
    return [column.name for column in table.columns]


# -- any dialect --------------------------------------------------------------------------------------------

WORDS = st.text("abcdefghijklmnopqrstuvwxyzäéß ñ", min_size=1, max_size=12).map(str.strip).filter(
    lambda word: word.lower() not in {"", "na", "n/a", "nan", "null", "none", "inf", "infinity"}
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-5000, 5000).map(float), st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Any]]]:
    """Names, and columns of numbers or words of one length, some cells missing; two columns of numbers at least."""
    rows = draw(st.integers(8, 30))
    kinds = ["number", "number", *draw(st.lists(st.sampled_from(["number", "word"]), max_size=3))]
    columns = []
    for kind in draw(st.permutations(kinds)):
        cells = draw(st.lists(NUMBERS if kind == "number" else WORDS, min_size=rows, max_size=rows))
        if columns and draw(st.booleans()):  # in the first none is missing, so that no row is empty
            for hole in draw(st.lists(st.integers(1, rows - 1), max_size=rows // 4)):
                cells[hole] = None
        columns.append(cells)
    headings = draw(st.lists(WORDS, min_size=len(columns), max_size=len(columns), unique_by=str.casefold))
    return headings, columns


def written(
    headings: list[str],
    columns: list[list[Any]],
    *,
    separator: str,
    decimal: str = ".",
    quote: str = '"',
    always_quoted: bool = False,
    missing: str = "",
    header: bool = True,
    ends: str = "\n",
    padding: str = "",
) -> str:
    def cell(value: Any) -> str:
        if value is None:
            return missing
        return repr(value).replace(".", decimal) if isinstance(value, float) else str(value)

    stream = io.StringIO()
    quoting = csv.QUOTE_ALL if always_quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=separator, quotechar=quote, quoting=quoting, lineterminator=ends)
    for row in [headings] * header + [list(row) for row in zip(*columns, strict=True)]:
        cells = [cell(value) for value in row]
        writer.writerow([padding + text if padding and not always_quoted else text for text in cells])
    return stream.getvalue()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=tables(),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    quote=st.sampled_from(['"', "'"]),
    always_quoted=st.booleans(),
    missing=st.sampled_from(["", "NA", "nan", "NULL", "?", "n/a"]),
    header=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n"]),
    padding=st.sampled_from(["", " "]),
    mark=st.booleans(),
    packed=st.booleans(),
)
def test_what_is_written_in_any_dialect_is_read(
    tmp_path: Path, content: Any, decimal: str, mark: bool, packed: bool, **dialect: Any
) -> None:
    headings, columns = content
    decimal = "." if dialect["separator"] == "," and not dialect["always_quoted"] else decimal
    text = written(headings, columns, decimal=decimal, **dialect)
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    path = tmp_path / ("mine.csv.gz" if packed else "mine.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    table = read_raw(path)
    assert table.header == dialect["header"]
    if table.header:
        assert names(table) == [" ".join(name.split()) for name in headings]
    assert values(table) == columns


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=tables(), gaps=st.sampled_from([" ", "   ", "\t", " \t "]), indent=st.sampled_from(["", "  "]))
def test_runs_of_spaces_and_tabs_separate_too(tmp_path: Path, content: Any, gaps: str, indent: str) -> None:
    _, columns = content
    assume(gaps.strip(" ") or all(isinstance(v, float) or v is None or " " not in v for c in columns for v in c))

    def cell(value: Any) -> str:
        return "?" if value is None else f'"{value}"' if isinstance(value, str) and " " in value else str(value)

    text = "".join(indent + gaps.join(map(cell, row)) + "\n" for row in zip(*columns, strict=True))
    assert values(table_of(tmp_path, text, "mine.data")) == columns


# -- single features ----------------------------------------------------------------------------------------


def rows(n: int = 20) -> str:
    return "".join(f"{i % 5},{i % 7 + 0.5},{'ab'[i % 2]}\n" for i in range(n))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("width,height,kind\n", ["width", "height", "kind"]),
        ("0,1,2\n", None),
        ("0,1,target\n", ["0", "1", "target"]),
        ("1990,1991,kind\n", ["1990", "1991", "kind"]),
        (",height,kind\n", ["", "height", "kind"]),
        ('"a, b","c ""d""","e"\n', ["a, b", 'c "d"', "e"]),
        ('"two\nlines",height,kind\n', ["two lines", "height", "kind"]),
        ("", None),
        ("?,3.5,a\n", None),
        ("NA,NA,b\n", None),
    ],
)
def test_a_header_is_told_from_data(tmp_path: Path, header: str, expected: list[str] | None) -> None:
    table = table_of(tmp_path, header + rows())
    assert table.header == (expected is not None)
    assert names(table) == (expected or ["0", "1", "2"])


def test_a_header_of_nothing_but_numbers_is_one(tmp_path: Path) -> None:
    body = "".join(f"{i}.5,{i * 2},{i % 9},{i % 2}\n" for i in range(20))
    assert table_of(tmp_path, "0,1,2,3\n" + body).header
    assert not table_of(tmp_path, "0,1,3,2\n" + body).header


def test_all_text_has_a_header_where_its_words_come_only_once(tmp_path: Path) -> None:
    body = "".join(f"{'xyz'[i % 3]},{'pq'[i % 2]}\n" for i in range(30))
    assert names(table_of(tmp_path, "letter,side\n" + body)) == ["letter", "side"]
    assert names(table_of(tmp_path, body)) == ["0", "1"]


def test_r_leaves_out_the_name_of_its_row_names(tmp_path: Path) -> None:
    text = '"height" "kind"\n' + "".join(f'"{i}" {i}.5 "{"ab"[i % 2]}"\n' for i in range(20))
    table = table_of(tmp_path, text, "mine.txt")
    assert names(table) == ["", "height", "kind"]
    assert values(table)[1][:2] == [0.5, 1.5]


@pytest.mark.parametrize("above", ["# made by hand\n", "% an old habit\n\n", "sep=,\n", "My table\n\n", "My table,,\n"])
def test_lines_above_the_table_are_passed_over(tmp_path: Path, above: str) -> None:
    table = table_of(tmp_path, above + "width,height,kind\n" + rows())
    assert names(table) == ["width", "height", "kind"]
    assert table.rows == 20
    assert table.lines is not None
    assert table.lines[0] == above.count("\n") + 2


def test_numpys_header_is_a_comment(tmp_path: Path) -> None:
    text = "# width height\n" + "".join(f"{i}.5 {i}\n" for i in range(20))
    assert names(table_of(tmp_path, text, "mine.txt")) == ["width", "height"]


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    head = "thousands;european;percent;money;minus;dot\n"
    row = "1,234,567.5;1.234,5;45%;$1,200;−3.5;7.\n"
    table = table_of(tmp_path, head + row * 3 + "2,000,000;3,25;5%;$7;−1;.5\n" * 3)
    assert [column[0] for column in values(table)] == [1234567.5, 1234.5, 45, 1200, -3.5, 7]
    assert [column[-1] for column in values(table)] == [2000000, 3.25, 5, 7, -1, 0.5]


def test_a_comma_between_thousands_in_quotes(tmp_path: Path) -> None:
    table = table_of(tmp_path, "price,kind\n" + '"1,200",a\n"350",b\n"12,345,678",a\n' * 5)
    assert values(table)[0][:3] == [1200, 350, 12345678]


def test_codes_with_leading_zeros_stay_text(tmp_path: Path) -> None:
    table = table_of(tmp_path, "code,zero,ratio\n" + "".join(f"0{i},{i % 2},0.{i}\n" for i in range(10, 30)))
    assert [column.kind for column in table.columns] == ["texts", "numbers", "numbers"]
    assert values(table)[0][0] == "010"


def test_whole_numbers_too_long_for_a_float_stay_text(tmp_path: Path) -> None:
    table = table_of(tmp_path, "account,kind\n" + "".join(f"90071992547409{i:02},{i % 2}\n" for i in range(90, 99)))
    assert values(table)[0][0] == "9007199254740990"


def test_a_slip_in_a_column_of_numbers_counts_as_missing(tmp_path: Path) -> None:
    table = table_of(tmp_path, "width,height\n" + "".join(f"{i}.5,{i}\n" for i in range(40)) + "abc,7\n")
    (width, _) = table.columns
    assert (width.kind, width.odd, width.odd_count) == ("numbers", {40: "abc"}, 1)
    assert np.isnan(width.numbers[40])  # type: ignore[index]
    assert table.place(40, width) == "line 42, column 'width'"


def test_windows_1252_is_read_and_said(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("größe,art\n" + "1.5,süß\n2.5,herb\n" * 10).encode("cp1252"))
    assert names(table) == ["größe", "art"]
    assert set(values(table)[1]) == {"süß", "herb"}
    assert "Windows-1252" in table.notes[0]


def test_a_letter_outside_ascii_far_down_is_noticed_too(tmp_path: Path) -> None:
    text = "size,kind\n" + "1.5,sweet\n" * 60_000 + "2.5,süß\n"
    assert "süß" in values(table_of(tmp_path, text.encode("cp1252")))[1]


def test_text_far_down_makes_the_whole_column_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tunelab.data.tables import text_source

    monkeypatch.setattr(text_source, "_BLOCK_BYTES", 100)
    text = "".join(f"{i % 4},{i % 3}\n" for i in range(100)) + "".join(f"x{i % 5},{i % 3}\n" for i in range(200))
    table = table_of(tmp_path, text)
    assert table.columns[0].kind == "texts"
    assert values(table)[0][:3] == ["0", "1", "2"]
    codes = "".join(f"{i},{i % 3}\n" for i in range(10, 100)) + "007,1\n"
    assert values(table_of(tmp_path, codes))[0][-1] == "007"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=tables(), block=st.integers(20, 400), seam=st.sampled_from(["\n", "\r\n"]))
def test_the_size_of_the_pieces_makes_no_difference(tmp_path: Path, content: Any, block: int, seam: str) -> None:
    from tunelab.data.tables import text_source

    headings, columns = content
    columns[0] = [f"line\nbreak, {i % 3}" for i in range(len(columns[0]))]
    text = written(headings, columns, separator=",", ends=seam).replace("\r\n" if seam == "\n" else "\0", "\n")
    expected = values(table_of(tmp_path, text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_source, "_BLOCK_BYTES", block)
        assert values(table_of(tmp_path, text)) == expected
    assert expected[1:] == columns[1:]


def test_empty_rows_and_stray_separators_are_left_out(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b,c\n1,2,x\n\n3,4,y,\n5,6,z,,\n" + "7,8,x\n" * 9 + ",,\n,,\n")
    assert table.rows == 12
    assert values(table)[0][:3] == [1, 3, 5]
    assert table.notes == ["2 empty rows are left out"]
    assert table.lines is not None
    assert table.lines[:3].tolist() == [2, 4, 5]


def test_names_that_come_twice_are_told_apart(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,a,b\n" + rows())
    assert names(table) == ["a", "a_2", "b"]
    assert "a_2" in table.notes[0]


def test_a_quote_inside_a_cell_is_a_letter(tmp_path: Path) -> None:
    table = table_of(tmp_path, "size,kind\n" + '5" pipe,a\n7" pipe,b\nO\'Brien,a\n' * 5)
    assert values(table)[0][:3] == ['5" pipe', '7" pipe', "O'Brien"]


# -- Parquet ------------------------------------------------------------------------------------------------


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    from datetime import date

    import polars as pl

    frame = pl.DataFrame(
        {
            "whole": [1, None, 3],
            "real": [1.5, float("nan"), 2.5],
            "word": ["a", None, " b "],
            "flag": [True, False, None],
            "day": [date(2020, 1, 1)] * 3,
            "kind": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
            "digits": ["1", "2", "3"],
        }
    )
    frame.write_parquet(tmp_path / "mine.parquet")
    table = read_raw(tmp_path / "mine.parquet")
    assert [column.kind for column in table.columns] == [
        *("numbers", "numbers", "texts", "texts", "dates", "texts", "numbers")
    ]
    assert values(table)[:4] == [[1, None, 3], [1.5, None, 2.5], ["a", None, "b"], ["True", "False", None]]


def test_parquet_with_nested_columns_is_refused_by_the_column(tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"a": [1, 2], "boxes": [[1], [2, 3]]}).write_parquet(tmp_path / "mine.parquet")
    with pytest.raises(BadInput, match="column 'boxes' holds List"):
        read_raw(tmp_path / "mine.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(100), b"PAR1 and then some\n" * 50])
def test_a_damaged_parquet_is_one_sentence(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="is not a Parquet file that can be read"):
        table_of(tmp_path, content, "mine.parquet")
    assert capfd.readouterr().err == ""


# -- what can't be read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n\n\n", "is empty"),
        ("a,b\n", "has a header and no rows"),
        ("1\n2\n3\n", "one column"),
        (rows() + "1,2\n", "line 21: 2 columns, where the other lines have 3"),
        (rows() + "1,2,3,4\n" + rows(), "line 21: 4 columns"),
        (rows(5) + '1,"a\nb",x\n' + rows(3) + "1,2\n", "line 11: 2 columns"),
        (rows() + '1,"1,2\n' + rows(3), "line 21: a quote is opened and not closed"),
        (rows().encode("utf-16"), "UTF-16"),
        (rows().encode("utf-16-le"), "UTF-16"),
        (bytes(range(256)) * 20, "NUL bytes"),
        (bytes(range(1, 32)) * 200, "binary"),
        (rows().encode() + b"1,\0,2\n", "NUL bytes"),
        (b"PK\x03\x04" + bytes(50), "zip archive or a spreadsheet"),
        (gzip.compress(rows(2000).encode())[:-20], "is cut short"),
        (b"\x1f\x8b" + bytes(100), "is damaged"),
    ],
)
def test_what_is_wrong_is_located(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        table_of(tmp_path, content)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(rows())
    source = TextSource.open(path)
    blocks = source.blocks()
    next(blocks)
    path.write_text(rows(30))
    with pytest.raises(BadInput, match="changed while it was read"):
        list(blocks)


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(rows(5000))
    heard: list[tuple[int, int]] = []
    read_raw(path, lambda done, total: heard.append((done, total)))
    assert heard[-1] == (path.stat().st_size,) * 2


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="0123456789.,;\t\n\r\"'eE+-_naif \x00é|", max_size=300))
def test_any_text_gives_a_sentence_or_a_table(tmp_path: Path, text: str) -> None:
    try:
        table = table_of(tmp_path, text)
    except BadInput as problem:
        assert str(problem).isprintable()  # noqa: PT017
    else:
        assert all(len(column) == table.rows for column in table.columns)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=400), name=st.sampled_from(["a.csv", "a.csv.gz", "a.parquet"]))
def test_any_bytes_give_a_sentence_or_a_table(tmp_path: Path, content: bytes, name: str) -> None:
    heads = {"a.csv": b"", "a.csv.gz": b"\x1f\x8b\x08", "a.parquet": b"PAR1"}
    try:
        table_of(tmp_path, heads[name] + content, name)
    except BadInput as problem:
        assert str(problem).isprintable()  # noqa: PT017
