"""What other libraries and textbooks call tunelab's parameters and their values, and how theirs differ."""

from __future__ import annotations

import re
from collections.abc import Container

__all__ = ["key_hint", "value_hint"]

_LAMBDA = "λ acts as λ/n: "

_KEYS: dict[str, tuple[str, ...]] = {
    "training.eta": (
        "learning_rate lr learningrate learning_rate_init base_lr initial_lr eta0 step_size stepsize alpha_lr rate η",
    ),
    "training.lambda": (
        "λ reg regularization regularisation regularizer reg_lambda l2_lambda penalty",
        f"weight_decay wd decay|{_LAMBDA}lambda = n × weight_decay, with n training examples",
        f"alpha|{_LAMBDA}scikit-learn divides its alpha by the batch, so lambda = alpha × n / mini_batch",
        f"l2 l2_reg l2_regularization kernel_regularizer|{_LAMBDA}l2(v) in Keras is lambda = 2 × n × v",
    ),
    "training.l1": ("l1_reg l1_lambda lasso",),
    "training.mini_batch": ("batch_size batchsize batch minibatch minibatch_size mini_batch_size bs",),
    "training.epochs": (
        "epoch n_epochs num_epochs nb_epoch nb_epochs max_epochs num_train_epochs",
        "max_iter n_iter iterations steps num_steps max_steps|an epoch is n / mini_batch steps",
    ),
    "training.monitor_every": ("log_every eval_every eval_interval log_interval validation_freq",),
    "training.optimizer": ("optim solver optimiser opt algorithm",),
    "training.momentum": ("beta mu",),
    "training.beta1": ("beta_1",),
    "training.beta2": ("beta_2",),
    "training.epsilon": ("eps",),
    "training.nesterov": ("nesterovs_momentum",),
    "training.dropout": ("dropout_rate drop drop_rate p_drop", "keep_prob|dropout is 1 − keep_prob"),
    "training.clip_norm": ("clipnorm grad_clip gradient_clip gradient_clipping max_grad_norm clip max_norm",),
    "training.schedule.rule": (
        "lr_schedule lr_scheduler scheduler learning_rate_schedule learning_rate_decay lr_decay annealing schedule",
    ),
    "training.schedule.warm_up": ("warmup warmup_epochs warm_up_epochs warmup_steps",),
    "training.early_stopping.patience": (
        "early_stop early_stopping earlystopping n_iter_no_change stopping_patience early_stopping_rounds",
    ),
    "network.hidden": (
        "hidden_layers hidden_layer_sizes layers units neurons hidden_units hidden_size hidden_sizes hidden_dim width "
        "n_hidden num_hidden n_units nodes layer_sizes sizes|the hidden layers alone, such as [30]; inputs and outputs "
        "come from the data",
        "depth num_layers n_layers|a list of widths, one per hidden layer, such as [30, 30]",
    ),
    "network.activation": ("activation_function nonlinearity act act_fn hidden_activation transfer_function",),
    "network.output": ("output_activation final_activation last_activation output_layer",),
    "network.cost": ("loss loss_function loss_fn criterion objective error cost_function",),
    "network.precision": ("dtype float_type floatx",),
    "initialization.weights": (
        "init initializer initialization kernel_initializer weight_init weights_init weight_initializer "
        "initialisation weight",
    ),
    "initialization.biases": ("bias_initializer bias_init biases_init bias",),
    "initialization.gain": ("init_scale weight_scale",),
    "initialization.seed": ("random_state random_seed rng manual_seed",),
    "initialization.seeds": ("n_seeds num_seeds replicates repeats n_init trials runs",),
    "data.name": ("dataset data data_set path file csv source",),
    "data.train": ("train_size n_train training_size num_train training_examples n n_samples train_examples",),
    "data.evaluation": ("validation_size val_size n_val n_validation valid_size eval_size validation",),
    "data.validation_share": ("validation_split val_split validation_fraction valid_pct",),
    "data.test_share": ("test_size test_split test_fraction",),
    "data.label": ("target label_column target_column y y_column response dependent_variable",),
    "data.class_weights": ("class_weight pos_weight sample_weight",),
    "data.standardize": ("normalize standardise normalise scale scaler normalization standardization",),
    "data.split_seed": ("shuffle_seed split_random_state",),
}
"""Names by the key that they mean; behind a bar, what differs."""

_VALUES: dict[str, dict[str, str]] = {
    "network.cost": {
        "mse mean-squared-error mseloss squared squared-error l2 sse euclidean least-squares": "quadratic",
        "bce bceloss binary-crossentropy binary-cross-entropy bcewithlogits bcewithlogitsloss crossentropy ce xent "
        "logloss log-loss logistic": "cross-entropy",
        "categorical-crossentropy categorical-cross-entropy crossentropyloss softmax-cross-entropy "
        "softmax-crossentropy": 'cross-entropy|with network.output = "softmax"',
        "nll nllloss nll-loss negative-log-likelihood loglikelihood sparse-categorical-crossentropy": "log-likelihood",
        "mae l1 l1loss huber hinge": "quadratic|for numbers; no other cost for them is built in",
    },
    "network.activation": {
        "logistic sigm": "sigmoid",
        "lrelu leakyrelu": "leaky-relu",
        "rectifier rectified-linear": "relu",
        "identity none": "linear",
        "swish swish-1": "silu",
        "gaussian-error-linear-unit gelu-tanh": "gelu",
        "prelu rrelu": "leaky-relu|the nearest of those that are built in",
        "mish hardswish": "silu|the nearest of those that are built in",
        "hyperbolic-tangent": "tanh",
    },
    "network.output": {
        "logistic sigm": "sigmoid",
        "identity none regression": "linear",
        "logsoftmax": "softmax",
        "hyperbolic-tangent": "tanh",
    },
    "initialization.weights": {
        "xavier glorot": "glorot-uniform|or glorot-normal; both have variance 2 / (fan-in + fan-out)",
        "xavier-uniform": "glorot-uniform",
        "xavier-normal": "glorot-normal",
        "kaiming he": "he-normal|or he-uniform; both have variance 2 / fan-in",
        "kaiming-normal msra": "he-normal",
        "kaiming-uniform": "he-uniform",
        "lecun lecun-normal": "scaled",
        "normal gaussian random random-normal randn": "standard",
        "truncated-normal trunc-normal": "truncated",
        "zero": "zeros",
        "ones const": "constant",
    },
    "initialization.biases": {"zero constant": "zeros", "normal gaussian random": "standard"},
    "training.optimizer": {
        "gd gradient-descent": "sgd",
        "momentum": "sgd|with training.momentum",
        "nesterov nag": "sgd|with training.momentum and training.nesterov",
        "adamw": "adam|whose λ decays weights beside the step, as AdamW's does",
        "nadam amsgrad rmsprop adagrad adadelta": "adam|the nearest of those that are built in",
    },
    "training.schedule.rule": {
        "plateau reduce-on-plateau reducelronplateau": "halve-on-plateau",
        "steplr multistep multisteplr exponential exponentiallr piecewise": "step",
        "cosine-annealing cosineannealinglr cosine-decay": "cosine",
        "onecycle onecyclelr one-cycle": "cosine|with training.schedule.warm_up",
        "none fixed": "constant",
        "linear-decay linearlr": "linear",
    },
    "data.class_weights": {"balance auto inverse": "balanced"},
    "data.task": {"classify classifier multiclass binary": "classification", "regress regressor": "regression"},
    "network.precision": {"float single fp32 f32 32": "float32", "double fp64 f64 64": "float64"},
}
"""Values by their key: the names that mean each; behind a bar, what differs."""


def key_hint(typed: str, known: Container[str]) -> str:
    """Return a tail such as "; tunelab calls it training.eta" for a key of another library, or an empty string.

    ``typed`` may have a section before it. Where the key that is meant isn't among the ``known`` ones, it is said that
    tunelab doesn't have it.
    """
    word = re.sub(r"[\s-]+", "_", typed.rsplit(".", 1)[-1].strip().lower())
    for key, groups in _KEYS.items():
        own = key.rsplit(".", 1)[-1]
        for group in groups:
            names, _, difference = group.partition("|")
            if word in names.split() or (word == own and key not in known):
                if key not in known:
                    return f"; tunelab has no {own.replace('_', ' ')} yet"
                return f"; tunelab calls it {key}" + (f" ({difference})" if difference else "")
    return ""


def value_hint(key: str, typed: str, choices: Container[str]) -> str:
    """Return a tail such as "; tunelab calls it 'quadratic'" for a value of another library, or an empty string."""
    word = re.sub(r"[\s_]+", "-", typed.strip().lower())
    for names, meaning in _VALUES.get(key, {}).items():
        value, _, difference = meaning.partition("|")
        if word in names.split() and value in choices:
            return f"; tunelab calls it '{value}'" + (f" ({difference})" if difference else "")
    return ""
