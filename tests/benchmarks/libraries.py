"""The same network in PyTorch, eager, and in scikit-learn, each written the fast way its users would."""

from __future__ import annotations

from time import process_time

import numpy as np

from .contenders import Array, Start, Unavailable

__all__ = ["PyTorch", "ScikitLearn"]


class PyTorch:
    """Eager SGD on one thread: no DataLoader, all examples in one float32 tensor, a mini-batch by indexing."""

    def __init__(self, start: Start) -> None:
        try:
            import torch
        except ImportError:
            raise Unavailable("PyTorch isn't installed") from None
        torch.set_num_threads(1)
        self._torch = torch
        self._m = start.mini_batch
        self._x, self._y = torch.from_numpy(start.scaled()), torch.from_numpy(start.one_hot())
        self._linear = []
        for w, b in zip(*start.parameters(), strict=True):
            layer = torch.nn.Linear(w.shape[0], w.shape[1], dtype=self._x.dtype)
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(w.T.copy()))
                layer.bias.copy_(torch.from_numpy(b))
            self._linear.append(layer)
        parts: list[torch.nn.Module] = []
        for layer in self._linear:
            parts += [layer, torch.nn.Sigmoid()]
        self._model = torch.nn.Sequential(*parts[:-1])  # the last sigmoid is part of the loss
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=start.eta)
        self._loss = torch.nn.BCEWithLogitsLoss(reduction="sum")

    def epoch(self, order: Array) -> float:
        """Train an epoch."""
        model, optimizer, loss = self._model, self._optimizer, self._loss
        begin = process_time()
        for rows in self._torch.split(self._torch.from_numpy(order), self._m):
            optimizer.zero_grad()
            (loss(model(self._x[rows]), self._y[rows]) / len(rows)).backward()
            optimizer.step()
        return process_time() - begin

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Turned to (fan_in, fan_out) and (fan_out,)."""
        weights = [layer.weight.detach().numpy().T for layer in self._linear]
        return weights, [layer.bias.detach().numpy() for layer in self._linear]


class ScikitLearn:
    """``MLPClassifier``; one-hot targets make its outputs sigmoid and its loss the cross-entropy of the others.

    ``partial_fit`` trains one epoch. It shuffles by itself, unless told not to, and doesn't take an order.
    """

    def __init__(self, start: Start, *, shuffle: bool = True) -> None:
        try:
            from sklearn.neural_network import MLPClassifier
        except ImportError:
            raise Unavailable("scikit-learn isn't installed") from None
        self._x, self._y = start.scaled(), start.one_hot().astype(np.int64)
        self._model = MLPClassifier(
            hidden_layer_sizes=start.sizes[1:-1],
            activation="logistic",
            solver="sgd",
            alpha=0.0,
            momentum=0.0,
            nesterovs_momentum=False,
            learning_rate_init=start.eta,
            batch_size=start.mini_batch,
            max_iter=1,
            shuffle=shuffle,
        )
        some = start.mini_batch
        self._model.partial_fit(self._x[:some], self._y[:some], classes=np.arange(start.sizes[-1]))
        for mine, first in zip((self._model.coefs_, self._model.intercepts_), start.parameters(), strict=True):
            for array, begin in zip(mine, first, strict=True):
                array[...] = begin

    def epoch(self, order: Array) -> float:  # noqa: ARG002 (it shuffles by itself)
        """Train an epoch in an order of its own."""
        begin = process_time()
        self._model.partial_fit(self._x, self._y)
        return process_time() - begin

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """As scikit-learn holds them, which is how the others do."""
        return self._model.coefs_, self._model.intercepts_
