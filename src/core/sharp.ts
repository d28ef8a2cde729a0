/**
 * sharp, loaded by `require`: imported as an ES module, Node first scans its CommonJS files and those of its
 * dependencies for the names they export, half of the time that loading it takes, at each start of a stage host.
 */
import sharp = require("sharp");

/** What libvips may read pictures with. Its others run drawings and documents, with all they refer to. */
const LOADERS = ["Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif"].map((name) => `VipsForeignLoad${name}`);

// For the whole process, and so for everything that decodes bytes: they are somebody else's nearly everywhere.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({ operation: LOADERS });

export { sharp };
