// What the page has packed (pack.rs): pieces of its own markup, escaped as all
// of it is, each behind its place: the id of an element and, if it goes into one
// of the plays there, which.
const unpacked = (async () => {
  const packed = document.getElementById("packed");
  if (!packed) return;
  const octets = Uint8Array.from(atob(packed.content.textContent), (octet) => octet.charCodeAt(0));
  const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate"));
  const [, ...pieces] = (await new Response(stream).text()).split("\x1e");
  for (const piece of pieces) {
    const [place, markup] = piece.split("\x1f");
    const [id, play] = place.split(" ");
    const element = document.getElementById(id);
    (play ? element.querySelectorAll(".play")[play] : element).insertAdjacentHTML("beforeend", markup);
  }
  document.querySelector(".packed").hidden = true;
})();
