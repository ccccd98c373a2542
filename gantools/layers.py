"""The layers that these GANs need and Keras lacks."""

import keras
from keras import layers, ops


def _unit(vector):
    return vector / (ops.norm(vector) + 1e-12)


class _Spectral:
    """A layer whose kernel, as a matrix, has spectral norm 1 (arXiv:1802.05957).

    The last axis of the kernel is read as the columns of a matrix W, all others as its
    rows, and W is divided by sigma = v W u, its largest singular value.  One step of
    power iteration in each training call keeps the singular vectors u and v up to date
    as W moves.  The gradient flows through W and sigma, with u and v held constant:
    the paper's equation 12.  `keras.layers.SpectralNormalization` (read in Keras 3.15)
    assigns the divided kernel to the kernel itself at each training call; here it
    stays.
    """

    def build(self, input_shape):
        """Create the kernel, the bias and the left singular vector u."""
        super().build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(1, self.kernel.shape[-1]),
            initializer=keras.initializers.RandomNormal(seed=0),
            trainable=False,
            dtype="float32",
            autocast=False,
        )

    def normalised_kernel(self, training):
        """Divide the kernel by its largest singular value."""
        kernel = ops.cast(self.kernel, "float32")
        w = ops.reshape(kernel, (-1, kernel.shape[-1]))  # (rows, columns)
        v = _unit(ops.stop_gradient(ops.matmul(self.u, ops.transpose(w))))
        u = _unit(ops.stop_gradient(ops.matmul(v, w)))
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, w) * u)
        return ops.cast(kernel / sigma, self.compute_dtype)

    def call(self, inputs, training=False):
        """Apply the layer with the normalised kernel."""
        outputs = self.apply(inputs, self.normalised_kernel(training))
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)


class SpectralConv2D(_Spectral, layers.Conv2D):
    """Conv2D with a kernel (h, w, C_in, C_out) of spectral norm 1 as (h w C_in, C_out).

    Arguments, input and output are those of `keras.layers.Conv2D`.
    """

    def apply(self, inputs, kernel):
        """Convolve."""
        return self.convolution_op(inputs, kernel)


class SpectralDense(_Spectral, layers.Dense):
    """Dense with a kernel (C_in, C_out) of spectral norm 1.

    Arguments, input and output are those of `keras.layers.Dense`.
    """

    def apply(self, inputs, kernel):
        """Multiply."""
        return ops.matmul(inputs, kernel)


def spectral(model: keras.Model) -> keras.Model:
    """Rebuild a model with each Conv2D and Dense spectrally normalised.

    Args:
        model: a functional or sequential model.

    Returns:
        The same architecture with weights of its own, freshly drawn.
    """
    kinds = {layers.Conv2D: SpectralConv2D, layers.Dense: SpectralDense}

    def rebuild(layer):
        kind = kinds.get(type(layer), type(layer))
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=rebuild)


def synchronized(model: keras.Model) -> keras.Model:
    """Rebuild a model whose batch normalisation counts what lies on all replicas.

    Args:
        model: a functional or sequential model.

    Returns:
        The same architecture with weights of its own, freshly drawn.
    """

    def rebuild(layer):
        config = layer.get_config()
        if isinstance(layer, layers.BatchNormalization):
            config["synchronized"] = True
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=rebuild)


class EdgePadding2D(layers.Layer):
    """Continue pictures (B, H, W, C) by their edge: (B, H + 2, W + 2, C).

    Before a 3x3 convolution that pads nothing itself.  Zeros there would be a dark
    line around every activation, which a decoder shows as a frame.
    """

    def call(self, inputs):
        """Pad by one pixel on each side."""
        return ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
