import { PhotoRig } from "./rig.js";

/** local → resize → label by google-vision at a server, with more of the teacher's params. */
export function paidPipeline(endpoint: string, more = ""): string {
  return `version: 1
name: paid
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label:
    uses: label
    inputs: { images: resize }
    with: { teacher: { type: google-vision, endpoint: "${endpoint}"${more} } }
`;
}

/** A rig with that pipeline and so many pictures. */
export async function paidRig(endpoint: string, count: number, more = ""): Promise<PhotoRig> {
  const rig = new PhotoRig();
  await rig.pictures(count);
  rig.write("p.yaml", paidPipeline(endpoint, more));
  return rig;
}
