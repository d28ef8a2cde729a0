/**
 * sharp, loaded by `require`. Imported as an ES module, Node first scans its CommonJS files and those of its
 * dependencies for the names they export: half of the time that loading it takes, at each start of a stage host.
 */
import sharp = require("sharp");

export { sharp };
