"""What each stage is called, what it asks, and why, in a teacher's words."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WORDS", "Words"]


@dataclass(frozen=True)
class Words:
    """A stage's title, its question, and a short explanation for somebody who meets this for the first time."""

    title: str
    question: str
    teaching: str


WORDS = {
    "baseline": Words(
        "Baseline",
        "What do your own settings do?",
        "Before anything is changed, the experiment is trained briefly as it is. If it learns already, that is the "
        "mark everything else has to beat. If it answers like somebody who guesses, no amount of training longer will "
        "tell why: a whole epoch is too slow a way to ask questions.",
    ),
    "shrink": Words(
        "Shrink",
        "How small can the problem be made, so that every question is answered in a second?",
        "Two classes instead of all of them, the first 1,000 training and 100 validation examples, no hidden layer, "
        "and a look at the accuracy every 1,000 examples. It seems a slowdown and is the opposite: what took a minute "
        "takes a moment, so dozens of things can be tried. λ shrinks along, because what counts is λ/n.",
    ),
    "chance": Words(
        "Better than chance",
        "Does the shrunken network do better than guessing?",
        "The first goal is modest and can be surprisingly hard. Guessing the most frequent class is right with "
        "probability p; of N examples a guesser gets k or more right with probability P(X ≥ k), X ~ Binomial(N, p). "
        "Only where that is tiny has anything been learnt. Where it isn't, λ is taken away first, then η is moved by "
        "factors of ten, and then the other suspects are asked in turn.",
    ),
    "eta": Words(
        "Learning rate η",
        "What is the largest η at which the training cost still falls?",
        "Too large a step overshoots, and the cost oscillates or rises; too small a step takes for ever. From 0.01 on, "
        "η goes up by tens until the cost no longer falls, and half of the largest that still does is used, to leave "
        "room for many epochs. No λ yet: one thing at a time. Two classes are so easy that nearly every η is right on "
        "them, so from here on the first 1,000 examples of all classes are used.",
    ),
    "lambda": Words(
        "Regularization λ",
        "How much should large weights be punished?",
        "λ holds the weights small, against learning the examples by heart. It starts at 1.0 and goes by tens, judged "
        "by validation accuracy, and is refined where it is best. Judging costs little, so up to 1,000 validation "
        "examples are used from here on: with 100 of them the noise alone is 3 to 5 points, more than any λ "
        "is worth.",
    ),
    "eta-again": Words(
        "η once more",
        "Has the best η moved, now that λ is there?",
        "The two are not independent: each step shrinks a weight by ηλ/n. So η is looked for again with λ in place. "
        "Often it stays, and then one can be the surer of it.",
    ),
    "widen": Words(
        "Hidden neurons",
        "Do hidden neurons pay, and how many?",
        "Now the network may grow: 10 hidden neurons, 20, and so forth, each with an η and a λ of its own, until more "
        "width brings no more than noise. What a hidden layer is worth shows only where there is enough to learn, so "
        "up to 4,000 training examples are used, and λ grows along with them.",
    ),
    "all-classes": Words(
        "More data",
        "Does what was found on few examples hold on many?",
        "All classes and many more examples. More data can carry a wider network and want another η, so the widths "
        "next to the chosen one, and the η next to it, are tried once more side by side. λ/n stays what it was.",
    ),
    "mini-batch": Words(
        "Mini-batch size m",
        "Which m learns most in the same time?",
        "A small m moves the weights often and wastes fast matrix arithmetic; a large one does the opposite. What "
        "counts is validation accuracy against elapsed time, with η scaled along with m. m depends little on the "
        "other choices, so it can wait until they are acceptable.",
    ),
    "full": Words(
        "The full problem",
        "How good is it, with everything there is?",
        "All training examples, and now what first experiments do without: η is halved whenever validation accuracy "
        "stalls, and training stops when it has stalled for long. Several seeds show how much is luck.",
    ),
    "test": Words(
        "The test set, once",
        "How good is it on examples that no choice has seen?",
        "Every choice so far was made by validation examples, so their accuracy flatters a little. The test set has "
        "been kept for this one look. Whoever now goes back and chooses again has used it up, so each use is recorded.",
    ),
}
