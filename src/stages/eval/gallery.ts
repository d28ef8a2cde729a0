import { sha256 } from "../../core/hash.js";
import { topPositions } from "../../student/labels.js";

/** Pictures in each part of the gallery. */
const PICTURES = 12;
/** Tags taken from the teacher's and from the student's highest scores for each picture. */
const TAGS_EACH = 5;

/** An image of the report with the tags that teacher or student hold for the likeliest. */
export interface Card {
  readonly id: string;
  /** Mean KL divergence of the student from the teacher over all tags, nats. */
  readonly kl: number;
  readonly tags: readonly { readonly position: number; readonly teacher: number; readonly student: number }[];
}

export interface Gallery {
  readonly best: readonly Card[];
  readonly worst: readonly Card[];
  readonly random: readonly Card[];
}

/** Keeps the cards of the smallest keys, ties by id; makes a card only when it gets a place. */
class Shortlist {
  private readonly kept: { readonly key: number | string; readonly card: Card }[] = [];

  offer(key: number | string, id: string, make: () => Card): void {
    const before = (other: { key: number | string; card: Card }) =>
      other.key < key || (other.key === key && other.card.id < id);
    if (this.kept.length === PICTURES && before(this.kept[PICTURES - 1]!)) return;
    let at = this.kept.length;
    while (at > 0 && !before(this.kept[at - 1]!)) at--;
    this.kept.splice(at, 0, { key, card: make() });
    if (this.kept.length > PICTURES) this.kept.pop();
  }

  cards(): Card[] {
    return this.kept.map(({ card }) => card);
  }
}

/**
 * Chooses the images that the report shows: the 12 nearest to the teacher among those with a positive tag, the 12 farthest
 * from it, and 12 at random (the smallest sha256 of the id: the same choice in every run).
 */
export class GalleryBuilder {
  private readonly best = new Shortlist();
  private readonly worst = new Shortlist();
  private readonly random = new Shortlist();

  constructor(private readonly positiveAt: number) {}

  /** Offers an image with its scores and targets [tags]. */
  add(id: string, kl: number, scores: Float32Array, targets: Float32Array): void {
    const make = () => ({ id, kl, tags: cardTags(scores, targets) });
    this.worst.offer(-kl, id, make);
    this.random.offer(sha256(id), id, make);
    if (targets.some((q) => q >= this.positiveAt)) this.best.offer(kl, id, make);
  }

  build(): Gallery {
    return { best: this.best.cards(), worst: this.worst.cards(), random: this.random.cards() };
  }
}

function cardTags(scores: Float32Array, targets: Float32Array): Card["tags"] {
  const positions = new Set([...topPositions(targets, TAGS_EACH), ...topPositions(scores, TAGS_EACH)]);
  return [...positions]
    .map((position) => ({ position, teacher: targets[position]!, student: scores[position]! }))
    .filter((tag) => tag.teacher > 0 || tag.student >= 0.005)
    .sort((a, b) => b.teacher - a.teacher || b.student - a.student || a.position - b.position);
}
