/** Upper bounds of the durations counted, seconds. */
const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCHES = [1, 2, 4, 8, 16, 32];

type Labels = Readonly<Record<string, string | number>>;

/** What a server counts, in Prometheus's text format 0.0.4. */
export class Metrics {
  private readonly requests = new Counter(
    "pipestill_requests_total",
    "Requests answered, by route and HTTP status.",
  );
  private readonly images = new Counter(
    "pipestill_images_total",
    "Images answered, by google.rpc.Code (0: labelled).",
  );
  private readonly seconds = new Histogram(
    "pipestill_request_seconds",
    "Time from a request's head to the end of its answer.",
    SECONDS,
  );
  private readonly batches = new Histogram("pipestill_batch_images", "Images in a forward pass.", BATCHES);
  private readonly computing = new Counter("pipestill_engine_seconds_total", "Time the engine computed.");

  request(route: string, status: number, ms: number): void {
    this.requests.add(1, { route, status });
    this.seconds.observe(ms / 1000);
  }

  image(code: number): void {
    this.images.add(1, { code });
  }

  batch(images: number, ms: number): void {
    this.batches.observe(images);
    this.computing.add(ms / 1000);
  }

  /** @param waiting images accepted and not yet answered */
  text(waiting: number): string {
    return [
      this.requests.text(),
      this.seconds.text(),
      this.images.text(),
      this.batches.text(),
      this.computing.text(),
      header("pipestill_waiting_images", "gauge", "Images accepted and not yet answered."),
      `pipestill_waiting_images ${waiting}\n`,
    ].join("");
  }
}

function header(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

class Counter {
  private readonly values = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly help: string,
  ) {}

  /** Label values are this program's own: no character in them needs escaping. */
  add(amount: number, labels: Labels = {}): void {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    const series = pairs.length > 0 ? `${this.name}{${pairs.join(",")}}` : this.name;
    this.values.set(series, (this.values.get(series) ?? 0) + amount);
  }

  text(): string {
    const lines = [...this.values]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([series, n]) => `${series} ${n}\n`);
    return header(this.name, "counter", this.help) + lines.join("");
  }
}

class Histogram {
  private readonly counts: number[];
  private sum = 0;
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly bounds: readonly number[],
  ) {
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    for (const [i, bound] of this.bounds.entries()) if (value <= bound) this.counts[i]! += 1;
    this.sum += value;
    this.count += 1;
  }

  text(): string {
    const { name, bounds, counts, sum, count } = this;
    const buckets = bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${counts[i]}\n`).join("");
    return `${header(name, "histogram", this.help)}${buckets}${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`;
  }
}
