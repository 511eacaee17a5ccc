"""The table of causes: what can be wrong with a training, in the order in which it must be put right.

Data come first, since nothing else can be judged where they are wrong; then outputs and cost, first weights, the
hyper-parameters, capacity, regularization, and patience last.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CAUSES", "Cause", "rank"]


@dataclass(frozen=True)
class Cause:
    """One cause. ``slug`` is its stable name for programs, ``name`` its name for people, ``help`` what it means."""

    slug: str
    name: str
    help: str


_TABLE = (
    Cause(
        "one-class",
        "one class only",
        "All training examples are of one class, so there is nothing to tell apart. Check the label column and how "
        "the file was cut.",
    ),
    Cause(
        "classes-missing",
        "classes missing from a part",
        "Evaluation examples are of classes that training never shows, as when a sorted file is cut in two. Shuffle "
        "the rows before they are split.",
    ),
    Cause(
        "labels-disagree",
        "evaluation labels don't match",
        "What is learnt from training labels is wrong on evaluation labels more often than guessing: they are "
        "inverted, renamed or shifted by a row. Look at some evaluation examples beside their labels.",
    ),
    Cause(
        "no-signal",
        "no signal: labels shuffled or shifted, or noise",
        "Examples that look alike are no more often of the same class than any two. Labels were shuffled or shifted "
        "against their rows, or the inputs say nothing about them. No hyper-parameter helps.",
    ),
    Cause(
        "unequal-classes",
        "unequal classes",
        "One class is so frequent that naming it always is hard to beat, and the rare classes go unlearnt. Judge by "
        "the balanced accuracy, and weight the classes or collect more of the rare ones.",
    ),
    Cause(
        "inputs-unscaled",
        "inputs not scaled",
        "Inputs are so large, or so different in size, that z is large whatever the weights are. Bring each column to "
        "mean 0 and standard deviation 1.",
    ),
    Cause(
        "targets-unscaled",
        "targets not scaled",
        "The numbers to predict are so large that the first gradients throw the weights away. Bring them to mean 0 and "
        "standard deviation 1.",
    ),
    Cause(
        "output-cost-mismatch",
        "output and cost don't fit",
        "The cost can be made small without being right, or the outputs can't give what is wanted. Sigmoid outputs go "
        "with cross-entropy, softmax with log-likelihood, numbers with linear outputs and the quadratic cost.",
    ),
    Cause(
        "identical-neurons",
        "identical neurons",
        "All neurons of a layer begin with the same weights, get the same gradient and stay the same: the layer is one "
        "neuron. Draw the first weights at random.",
    ),
    Cause(
        "saturated-start",
        "saturated at the start",
        "First weights are so large that most sigmoids or tanhs begin where their slope is nearly 0, and hardly learn. "
        "Scaled weights, N(0, 1/fan-in), keep z near 1.",
    ),
    Cause(
        "weights-too-large",
        "first weights too large",
        "z grows from layer to layer, so the first answers are extreme and the first steps destroy more than they "
        "teach. He's weights, N(0, 2/fan-in), keep the size of z from layer to layer.",
    ),
    Cause(
        "selu-weights",
        "SELU without its weights",
        "SELUs keep z near mean 0 and variance 1 from layer to layer only where weights begin as N(0, 1/fan-in).",
    ),
    Cause(
        "vanishing-gradient",
        "vanishing gradient",
        "Each layer of sigmoids passes on less than a quarter of the gradient, so the first layers of a deep network "
        "hardly learn. Fewer layers, or ReLUs with He's weights, let it through.",
    ),
    Cause(
        "shrink-factor",
        "shrink factor",
        "Each step multiplies every weight by 1 − ηλ/n. Below 0 its sign flips at every step; below −1 it grows "
        "without bound. This is known before a single step.",
    ),
    Cause(
        "lambda-too-large",
        "λ too large",
        "Regularization lets the weights fade faster than they learn. What counts is λ/n: fewer examples want a "
        "smaller λ. Begin without it until η is found.",
    ),
    Cause(
        "dropout-too-large",
        "dropout too large",
        "Each step leaves so few neurons that they can't tell the examples apart. Less dropout, or more neurons.",
    ),
    Cause(
        "mini-batch-too-large",
        "m too large",
        "Large mini-batches leave few steps in an epoch, and the network has hardly moved when the epochs are over.",
    ),
    Cause(
        "dead-relu",
        "dead ReLU",
        "A ReLU that is off for every example passes no gradient and never comes back. Large steps throw it there.",
    ),
    Cause(
        "momentum-too-high",
        "momentum too high",
        "The velocity gathers so many gradients that it carries past the bottom of the valley: the cost swings or "
        "bursts. Steps go η/(1 − μ) in the long run; 0.9 is usual.",
    ),
    Cause(
        "eta-too-large",
        "η too large",
        "Steps overshoot the bottom of the valley: the cost rises, oscillates or stays above what a smaller η reaches. "
        "Half of the largest η at which it still falls is a good choice.",
    ),
    Cause(
        "always-clipped",
        "every gradient clipped",
        "The limit is below the norm of every gradient, so that all steps are equally short. A limit is for outliers.",
    ),
    Cause(
        "warm-up-too-long",
        "warm-up too long",
        "η rises during most of the training. A warm-up is for the first steps, a tenth of the epochs or less.",
    ),
    Cause(
        "eta-too-small",
        "η too small",
        "The cost falls at every measurement and has hardly come down. Ten times larger steps get there sooner.",
    ),
    Cause(
        "too-little-capacity",
        "too little capacity",
        "The network can't draw the boundary that is needed, and the cost settles with training examples still wrong. "
        "More hidden neurons, or a hidden layer at all.",
    ),
    Cause(
        "too-few-examples",
        "too few examples",
        "Training examples are learnt by heart and evaluation examples are not: more examples are what helps most, and "
        "more are at hand.",
    ),
    Cause(
        "overfitting",
        "overfitting",
        "The network learns its training examples by heart: their cost falls on while the evaluation cost rises. More "
        "examples, λ, or stopping early.",
    ),
    Cause(
        "too-few-epochs",
        "too few epochs",
        "Training was stopped while evaluation was still getting better, by more than noise.",
    ),
)

CAUSES = {cause.slug: cause for cause in _TABLE}
"""Every cause by its slug, the first to be put right first."""

_RANKS = {cause.slug: place for place, cause in enumerate(_TABLE)}


def rank(slug: str) -> int:
    """Where a cause stands in the order; what is no cause comes last."""
    return _RANKS.get(slug, len(_RANKS))
