import * as tf from "@tensorflow/tfjs-core";

/**
 * How pixels (0–255, RGB) become the network's input, stored in the model:
 * - scale255: x / 255 (the seed's)
 * - caffe: BGR minus the ImageNet means 103.939, 116.779, 123.68, not scaled (what Keras's VGG16 weights expect)
 * - tf: x / 127.5 − 1
 *
 * Source: keras/applications/imagenet_utils.py, `_preprocess_numpy_input`.
 */
export type Preprocess = "scale255" | "caffe" | "tf";

/** Keras's means, in the order of its reversed channels: blue, green, red. */
export const CAFFE_MEANS = [103.939, 116.779, 123.68];

/** [batch, height, width, 3] of pixel values → the network's input of that shape. */
export function preprocess(pixels: tf.Tensor4D, mode: Preprocess): tf.Tensor4D {
  return tf.tidy(() => {
    switch (mode) {
      case "scale255":
        return tf.div(pixels, 255);
      case "tf":
        return tf.sub(tf.div(pixels, 127.5), 1);
      case "caffe":
        return tf.sub(tf.reverse(pixels, 3), tf.tensor1d(CAFFE_MEANS));
    }
  });
}
