"""The same network in JAX, PyTorch and scikit-learn, each written the fast way its users would."""

from __future__ import annotations

import warnings
from time import process_time
from typing import Any

import numpy as np

from .contenders import Array, Start, Unavailable

__all__ = ["JAX", "PyTorch", "ScikitLearn"]


class JAX:
    """An epoch is one jitted ``lax.scan`` over mini-batches, which are gathered inside it; R networks by ``vmap``."""

    def __init__(self, start: Start, replicates: int = 1) -> None:
        try:
            import jax
        except ImportError:
            raise Unavailable("JAX isn't installed") from None
        jax.config.update("jax_enable_x64", True)  # for what is compared in float64; arrays keep their own dtype
        jnp, self._jax = jax.numpy, jax
        self._m, self._R = start.mini_batch, replicates
        self._x, self._y = jnp.asarray(start.scaled()), jnp.asarray(start.one_hot())
        layers = [(jnp.asarray(w), jnp.asarray(b)) for w, b in zip(*start.parameters(), strict=True)]
        self._layers: Any = jax.tree.map(lambda a: jnp.stack([a] * replicates), layers)

        def cost(layers: Any, x: Any, y: Any) -> Any:
            for w, b in layers[:-1]:
                x = jax.nn.sigmoid(x @ w + b)
            z = x @ layers[-1][0] + layers[-1][1]
            return (jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))).sum() / len(x)

        def epoch(layers: Any, order: Any, x: Any, y: Any) -> Any:
            def step(layers: Any, rows: Any) -> tuple[Any, None]:
                gradient = jax.grad(cost)(layers, x[rows], y[rows])
                return jax.tree.map(lambda a, g: a - start.eta * g, layers, gradient), None

            return jax.lax.scan(step, layers, order)[0]

        self._epoch = jax.jit(jax.vmap(epoch, in_axes=(0, 0, None, None)) if replicates > 1 else epoch)
        if replicates == 1:
            self._layers = layers

    def epoch(self, order: Array) -> float:
        """Train an epoch, all networks in the same order; a smaller last mini-batch in a call of its own."""
        whole = len(order) // self._m * self._m
        parts = [part for part in (order[:whole].reshape(-1, self._m), order[None, whole:]) if part.size]
        if self._R > 1:
            parts = [np.stack([part] * self._R) for part in parts]
        rows = [self._jax.numpy.asarray(part) for part in parts]
        begin = process_time()
        for part in rows:
            self._layers = self._epoch(self._layers, part, self._x, self._y)
        self._jax.block_until_ready(self._layers)
        return process_time() - begin

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Of the first network."""
        first = self._layers if self._R == 1 else self._jax.tree.map(lambda a: a[0], self._layers)
        return [np.asarray(w) for w, _ in first], [np.asarray(b) for _, b in first]


class PyTorch:
    """SGD on one thread: no DataLoader, all examples in one float32 tensor, a mini-batch by indexing.

    ``compiled``: what it costs and its gradient by ``torch.compile``, which needs a C++ compiler; else eager.
    """

    def __init__(self, start: Start, *, compiled: bool = False) -> None:
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
        loss = torch.nn.BCEWithLogitsLoss(reduction="sum")

        def cost(x: Any, y: Any) -> Any:
            return loss(self._model(x), y) / len(x)

        self._cost = torch.compile(cost) if compiled else cost
        if compiled:
            self._try_compiling()

    def _try_compiling(self) -> None:
        """Compile before anybody's clock runs."""
        try:
            with warnings.catch_warnings(action="ignore"):  # of PyTorch about PyTorch
                self._cost(self._x[: self._m], self._y[: self._m]).backward()
        except Exception as reason:  # whatever the compiler's chain of tools raises
            raise Unavailable(f"torch.compile fails here ({type(reason).__name__})") from None

    def epoch(self, order: Array) -> float:
        """Train an epoch."""
        optimizer, cost = self._optimizer, self._cost
        begin = process_time()
        for rows in self._torch.split(self._torch.from_numpy(order), self._m):
            optimizer.zero_grad()
            cost(self._x[rows], self._y[rows]).backward()
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
