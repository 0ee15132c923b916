// zlib by the browser's own streams, which weigh nothing: puts the text of a
// run into a link and takes it out. `way` is "Compression" or "Decompression".
// Stops reading at `limit` bytes, so a link that unpacks to far more than it
// weighs costs neither memory nor time.
window.onechefDeflate = async function (bytes, way, limit) {
  var stream = new Blob([bytes]).stream().pipeThrough(new window[way + "Stream"]("deflate"));
  var reader = stream.getReader(), parts = [], size = 0;
  for (;;) {
    var part = await reader.read();
    if (part.done) break;
    size += part.value.length;
    if (size > limit) {
      reader.cancel();
      throw new RangeError("more than " + limit + " bytes");
    }
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
};
