/** Sends files: by a form that the page fills in, and by Resumable.js. */

const uploads = new Resumable({ target: "/upload", chunkSize: 1_000_000, simultaneousUploads: 3 });
uploads.assignBrowse(document.getElementById("browse"));
uploads.on("filesAdded", () => uploads.upload());
uploads.on("fileError", (_, message) => arrive(["fileError", message]));
uploads.on("complete", () => arrive("complete"));

/** A file of random octets. */
globalThis.makeFile = (name, length) => {
  const pieces = [];
  for (let left = length; left > 0; left -= 65_536) {
    pieces.push(crypto.getRandomValues(new Uint8Array(Math.min(left, 65_536))));
  }
  globalThis.file = new File(pieces, name);
};

/** Its SHA-256 in hex. */
globalThis.digest = async () => {
  const octets = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return new Uint8Array(octets).toHex();
};

/** Sends it as one chunk. */
globalThis.send = (url) => {
  const form = new FormData();
  form.append("resumableFilename", file.name);
  form.append("resumableTotalSize", file.size);
  form.append("resumableChunkNumber", 1);
  form.append("resumableChunkSize", file.size);
  form.append("resumableTotalChunks", 1);
  form.append("file", file);
  return request(url, { method: "POST", body: form });
};
