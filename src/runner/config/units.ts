const MEMORY = { K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 } as const;
const TIME = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** "512M", "1.5 GiB" in MiB; undefined for what the schema refuses. */
export function memoryMiB(text: string | undefined): number | undefined {
  const match = /^([\d.]+) ?([KMGT])/.exec(text ?? "");
  return match ? Math.ceil(Number(match[1]) * MEMORY[match[2] as keyof typeof MEMORY]) : undefined;
}

/** Seconds, or "90s", "30m", "2h", in milliseconds; undefined for what the schema refuses. */
export function timeoutMs(value: string | number | undefined): number | undefined {
  if (typeof value === "number") return value * 1000;
  const match = /^([\d.]+) ?(ms|s|m|h|d)$/.exec(value ?? "");
  return match ? Number(match[1]) * TIME[match[2] as keyof typeof TIME] : undefined;
}
