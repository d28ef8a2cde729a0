/** Debian's browser. */
export const CHROMIUM = "/usr/bin/chromium";
/** Flags without which Chromium calls home, which a closed network refuses noisily. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-sync",
];
