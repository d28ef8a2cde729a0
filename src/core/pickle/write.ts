/** A numpy array to be pickled: `bytes` are its numbers, little endian, the last index running fastest. */
export interface PickledArray {
  /** numpy's type code: u1, f4, f8. */
  readonly code: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * A pair of numpy arrays as `pickle.dumps((first, second), protocol=3)` writes it: protocol 3 is read by every Python 3,
 * and numpy 1 and 2 both know the names of numpy 1.
 */
export function pickleArrays(first: PickledArray, second: PickledArray): Buffer {
  return Buffer.concat([text("\x80\x03"), array(first), array(second), text("\x86.")]);
}

/** ndarray.__reduce__: an empty array, filled by its state (1, shape, dtype, False, bytes). */
function array({ code, shape, bytes }: PickledArray): Buffer {
  const order = code.endsWith("1") ? "|" : "<";
  return Buffer.concat([
    text("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R(K\x01("),
    ...shape.map(whole),
    text("t"),
    text("cnumpy\ndtype\n"),
    unicode(code),
    text("\x89\x88\x87R(K\x03"),
    unicode(order),
    text("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89B"),
    uint32(bytes.length),
    bytes,
    text("tb"),
  ]);
}

const text = (latin1: string) => Buffer.from(latin1, "latin1");

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** BININT: four bytes. */
const whole = (value: number) => Buffer.concat([text("J"), uint32(value)]);

/** BINUNICODE. */
const unicode = (ascii: string) => Buffer.concat([text("X"), uint32(ascii.length), text(ascii)]);
