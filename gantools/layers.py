"""The layers that these GANs need and Keras lacks."""

import keras
from keras import layers, ops


def _unit(vector):
    return vector / (ops.norm(vector) + 1e-12)


class SpectralConv2D(layers.Conv2D):
    """Conv2D whose kernel, as a matrix, has spectral norm 1 (arXiv:1802.05957).

    The kernel (h, w, C_in, C_out) is read as a matrix W of h w C_in rows and divided by
    sigma = v W u, its largest singular value.  One step of power iteration in each
    training call keeps the singular vectors u and v up to date as W moves.  The
    gradient flows through W and sigma, with u and v held constant: the paper's
    equation 12.  `keras.layers.SpectralNormalization` (read in Keras 3.15) assigns
    the divided kernel to the kernel itself at each training call; here it stays.

    Arguments, input and output are those of `keras.layers.Conv2D`.
    """

    def build(self, input_shape):
        """Create the kernel, the bias and the left singular vector u."""
        super().build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(1, self.filters),
            initializer=keras.initializers.RandomNormal(seed=0),
            trainable=False,
            dtype="float32",
            autocast=False,
        )

    def call(self, inputs, training=False):
        """Convolve with the normalised kernel."""
        kernel = ops.cast(self.kernel, "float32")
        w = ops.reshape(kernel, (-1, self.filters))  # (h w C_in, C_out)
        v = _unit(ops.stop_gradient(ops.matmul(self.u, ops.transpose(w))))
        u = _unit(ops.stop_gradient(ops.matmul(v, w)))
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, w) * u)
        kernel = ops.cast(kernel / sigma, self.compute_dtype)
        outputs = self.convolution_op(inputs, kernel)
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)
