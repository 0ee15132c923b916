// The stage as a picture for other programs. A file that must stand alone has
// neither the page's style sheets nor its symbols, and not every viewer of SVG
// knows variables. So a copy is laid out in the page once, every symbol put in
// its place, and what the browser computed is written into each shape.
(function () {
  var SVG = "http://www.w3.org/2000/svg";
  var USUAL = { fill: "rgb(0, 0, 0)", "fill-opacity": "1", stroke: "none", "stroke-width": "1px", "stroke-dasharray": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter", "stroke-opacity": "1", opacity: "1" };
  var TEXT = { "font-family": "", "font-size": "", "font-weight": "400", "font-style": "normal", "letter-spacing": "normal", "text-anchor": "start", "text-decoration-line": "none" };
  var SHAPES = /^(path|rect|circle|ellipse|line|polygon|polyline|text|tspan)$/;

  function unfold(use) {
    var symbol = document.querySelector(use.getAttribute("href"));
    var group = document.createElementNS(SVG, "g");
    [].forEach.call(use.attributes, function (a) { if (!/^(href|x|y|width|height)$/.test(a.name)) group.setAttribute(a.name, a.value); });
    var x = use.getAttribute("x") || 0, y = use.getAttribute("y") || 0;
    group.setAttribute("transform", ((group.getAttribute("transform") || "") + " translate(" + x + " " + y + ")").trim());
    if (symbol) [].forEach.call(symbol.childNodes, function (n) { group.appendChild(n.cloneNode(true)); });
    use.replaceWith(group);
  }

  function flatten(element) {
    var style = getComputedStyle(element);
    if (style.display === "none" || style.visibility === "hidden") return element.remove();
    var shape = SHAPES.test(element.localName), group = element.localName === "g";
    if (shape && style.fill === "rgba(0, 0, 0, 0)") return element.remove();
    if (shape) write(element, style, USUAL);
    if (/^text|^tspan/.test(element.localName)) write(element, style, TEXT);
    if ((shape || group) && style.transform !== "none") element.setAttribute("transform", style.transform);
    [].slice.call(element.children).forEach(flatten);
    if (group) {
      Object.keys(USUAL).forEach(function (name) { element.removeAttribute(name); });
      if (style.opacity !== "1") element.setAttribute("opacity", style.opacity);
    }
    ["class", "style", "id", "tabindex", "role", "aria-pressed", "aria-hidden"].forEach(function (name) {
      if (name !== "id" || element.localName !== "pattern") element.removeAttribute(name);
    });
    [].slice.call(element.attributes).forEach(function (a) { if (/^data-/.test(a.name)) element.removeAttribute(a.name); });
  }

  function write(element, style, names) {
    Object.keys(names).forEach(function (name) {
      var value = style.getPropertyValue(name);
      // Chromium writes the page's address into references to patterns.
      value = value.replace(/url\("?[^#]*(#[^")]+)"?\)/, "url($1)");
      if (value !== names[name]) element.setAttribute(name, value); else element.removeAttribute(name);
    });
  }

  // The sentence is a paragraph over the drawing: a line of text for each of
  // its lines, on the ground that keeps the chef's line out of it.
  function sentence(live, copy) {
    var m = live.getScreenCTM().inverse(), pen = document.createElement("canvas").getContext("2d"), group = document.createElementNS(SVG, "g");
    group.setAttribute("transform", "matrix(" + [m.a, m.b, m.c, m.d, m.e, m.f] + ")");
    copy.appendChild(group);
    function add(name, attributes, css) {
      var element = document.createElementNS(SVG, name);
      Object.keys(attributes).forEach(function (name) { element.setAttribute(name, attributes[name]); });
      element.style.cssText = css;
      group.appendChild(element);
      return element;
    }
    [].forEach.call(live.closest(".scene").querySelectorAll(".narr p, .narr span"), function (said) {
      var text = said.firstChild, range = document.createRange(), style = getComputedStyle(said);
      if (!said.getClientRects().length || text?.nodeType !== 3) return;
      pen.font = style.font;
      for (var from = 0, to = 1; to <= text.length; to += 1) {
        range.setStart(text, from);
        range.setEnd(text, to);
        var wrapped = range.getClientRects().length > 1;
        if (!wrapped && to < text.length) continue;
        // What did not fit begins the next line, and is looked at again there.
        if (wrapped && to - from > 1) range.setEnd(text, (to -= 1));
        from = to;
        var { x, y, width, height } = range.getBoundingClientRect();
        add("rect", { x, y, width, height }, "fill:var(--paper)");
        y += pen.measureText("").fontBoundingBoxAscent;
        add("text", { x, y }, "font:" + style.font + ";letter-spacing:" + style.letterSpacing + ";fill:" + style.color).textContent = range;
      }
    });
  }

  function still() {
    var live = document.querySelector("#stage svg"), copy = live.cloneNode(true);
    var box = live.viewBox.baseVal, ground = document.createElementNS(SVG, "rect"), defs = document.createElementNS(SVG, "defs");
    [].forEach.call(document.querySelectorAll("pattern"), function (p) { defs.appendChild(p.cloneNode(true)); });
    copy.removeAttribute("id");
    copy.setAttribute("xmlns", SVG);
    copy.setAttribute("width", box.width);
    copy.setAttribute("height", box.height);
    copy.style.cssText = "position:absolute;visibility:inherit;left:-9999px";
    [["x", box.x], ["y", box.y], ["width", box.width], ["height", box.height]].forEach(function (a) { ground.setAttribute(a[0], a[1]); });
    ground.style.fill = "var(--paper)";
    copy.prepend(defs, ground);
    for (var use; (use = copy.querySelector("use")); ) unfold(use);
    sentence(live, copy);
    live.parentNode.appendChild(copy);
    try { flatten(copy); } finally { copy.remove(); }
    copy.removeAttribute("style");
    return new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" });
  }

  function png(svg) {
    return new Promise(function (done, failed) {
      var image = new Image(), url = URL.createObjectURL(svg);
      image.onload = function () {
        var canvas = document.createElement("canvas");
        canvas.width = image.width * 2;
        canvas.height = image.height * 2;
        canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
        URL.revokeObjectURL(url);
        canvas.toBlob(done, "image/png");
      };
      image.onerror = failed;
      image.src = url;
    });
  }

  document.addEventListener("click", async function (event) {
    var button = event.target.closest("[data-still]");
    if (!button) return;
    var form = button.dataset.still, blob = still(), anchor = document.createElement("a");
    if (form === "png") blob = await png(blob);
    anchor.href = URL.createObjectURL(blob);
    anchor.download = document.title.replace(/ · onechef$/, "").replace(/[^a-z0-9]+/gi, "-").toLowerCase() + "." + form;
    anchor.click();
    URL.revokeObjectURL(anchor.href);
  });
})();
