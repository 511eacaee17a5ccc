"""The procedural pen: the ways people write digits, the hand that varies them, and the ink on the paper."""
