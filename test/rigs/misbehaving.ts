import { gzipSync } from "node:zlib";
import { type Route, send } from "./web.js";

const ZEROS = gzipSync(Buffer.alloc(30_000_000));

/** Ten ways and more in which servers go wrong, by the path that brings them about. */
export function misbehaviour(picture: Uint8Array): Readonly<Record<string, Route>> {
  const image = { "content-type": "image/png" };
  return {
    /** Never ends its headers. */
    "/slow-headers": (request) => {
      request.socket.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => request.socket.write("x-more: 1\r\n"), 50);
      request.socket.once("close", () => clearInterval(timer));
    },
    /** A byte now and then. */
    "/slow-loris": (_request, response) => {
      response.writeHead(200, { ...image, "content-length": 100_000 });
      const timer = setInterval(() => response.write("x"), 50);
      response.once("close", () => clearInterval(timer));
    },
    /** Resets the connection (RST) half-way through. */
    "/reset": (request, response) => {
      response.writeHead(200, { ...image, "content-length": picture.length });
      response.write(picture.subarray(0, picture.length >> 1), () => request.socket.resetAndDestroy());
    },
    /** Ends in an orderly way before the length it told. */
    "/short": (request) => {
      request.socket.write(
        `HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: ${picture.length + 100}\r\n\r\n`,
      );
      request.socket.end(picture);
    },
    /** A chunked body without its last chunk. */
    "/unfinished": (request) => {
      request.socket.write(
        "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      request.socket.write(`${picture.length.toString(16)}\r\n`);
      request.socket.write(picture);
      request.socket.end("\r\n");
    },
    /** 30 MB in 30 KB. */
    "/bomb": (_request, response) => send(response, 200, "image/png", ZEROS, { "content-encoding": "gzip" }),
    "/torn-gzip": (_request, response) =>
      send(response, 200, "image/png", ZEROS.subarray(0, 5000), { "content-encoding": "gzip" }),
    "/no-gzip": (_request, response) =>
      send(response, 200, "image/png", picture, { "content-encoding": "gzip" }),
    "/odd-encoding": (_request, response) =>
      send(response, 200, "image/png", picture, { "content-encoding": "zstd" }),
    "/loop": (_request, response, url) => {
      const location = url.pathname === "/loop" ? "/loop/back" : "/loop";
      send(response, 302, "text/plain", "", { location });
    },
    "/forth": (_request, response, url) => {
      const location = `/forth?${Number(url.search.slice(1)) + 1}`;
      send(response, 302, "text/plain", "", { location });
    },
    "/to-metadata": (_request, response) =>
      send(response, 302, "text/plain", "", {
        location: "http://169.254.169.254/latest/meta-data/?token=s3cret",
      }),
    "/to-file": (_request, response) =>
      send(response, 302, "text/plain", "", { location: "file:///etc/passwd" }),
    "/not-http": (request) => void request.socket.end("hello there, this is no HTTP\r\n\r\n"),
    "/hangs-up": (request) => void request.socket.destroy(),
    "/huge": (_request, response) => {
      response.writeHead(200, { ...image, "content-length": 5_000_000_000 });
      response.write(picture);
    },
    "/endless": (_request, response) => {
      response.writeHead(200, image);
      const more = () => {
        while (!response.destroyed && response.write(picture));
      };
      response.on("drain", more);
      more();
    },
    "/html": (_request, response) => send(response, 200, "text/html", "<!DOCTYPE html><title>Sorry</title>"),
    "/svg": (_request, response) =>
      send(response, 200, "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "/pdf": (_request, response) => send(response, 200, "application/pdf", "%PDF-1.7 and so on"),
    "/torn-picture": (_request, response) =>
      send(response, 200, "image/png", picture.subarray(0, picture.length - 40)),
    "/text": (_request, response) => send(response, 200, "image/png", "a text that says it is a picture"),
    "/noai": (_request, response) =>
      send(response, 200, "image/png", picture, { "x-robots-tag": "noai, noimageai" }),
    "/tdm": (_request, response) => send(response, 200, "image/png", picture, { "tdm-reservation": "1" }),
    "/gone": (_request, response) => send(response, 410, "text/plain", "gone"),
    "/broken": (_request, response) => send(response, 500, "text/plain", "out of order"),
  };
}
