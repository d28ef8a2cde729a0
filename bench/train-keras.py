"""Keras, beside train-worker.ts: reads `forward`, `step` and `epoch`, each a line, does it and prints the milliseconds it took.

An epoch is steps alone: their data lies in memory. Arguments: pixels a side, batch, tags, frozen layers, units of the
head (as many as tags). The graph is Keras's own, without XLA, as libtensorflow has none.
"""

import sys
import time

import keras
import numpy as np

side, batch, tags, frozen = map(int, sys.argv[1:5])
units = int(sys.argv[5]) if len(sys.argv) > 5 else tags
base = keras.applications.VGG16(weights=None, include_top=False, input_shape=(side, side, 3))
for layer in base.layers[:frozen]:
    layer.trainable = False
x = keras.layers.Flatten()(base.output)
x = keras.layers.BatchNormalization()(x)
x = keras.layers.Dense(units, activation="relu")(x)
x = keras.layers.Dropout(0.35)(x)
x = keras.layers.Dense(tags, activation="sigmoid")(x)
model = keras.Model(base.input, x)
model.compile(optimizer=keras.optimizers.Adam(0.001), loss="binary_crossentropy", jit_compile=False)
pixels = (np.arange(batch * side * side * 3) * 97 % 256).reshape(batch, side, side, 3).astype("float32") / 255
scores = (np.arange(batch * tags) % 50 == 0).reshape(batch, tags).astype("float32")
does = {
    "forward": lambda: model.predict_on_batch(pixels),
    "step": lambda: model.train_on_batch(pixels, scores),
}
does["epoch"] = does["step"]

print("ready", flush=True)
for line in sys.stdin:
    start = time.perf_counter()
    does[line.strip()]()
    print((time.perf_counter() - start) * 1000, flush=True)
