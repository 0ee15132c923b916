// What can be told apart on the page, by the points of its picture.

/** Makes `window.points`: a screenshot's points, by WCAG's contrast. */
export const POINTS = `
window.points = async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  return { data, width, height };
};
window.luminance = (r, g, b) => {
  const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
window.contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
`;

/**
 * Every text in a drawing that cannot be read well: less contrast with what is
 * behind it than WCAG asks for at its size, on more than a fifth of its place.
 * The ground is looked at, with the texts taken away, not reckoned.
 */
export async function dimTexts(page, inside) {
  await page.evaluate(POINTS);
  const texts = await page.evaluate((inside) => {
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || !element.closest(inside)) continue;
      const style = getComputedStyle(element), svg = element.closest("svg");
      if (!svg || style.visibility === "hidden") continue;
      let opacity = Number(style.fillOpacity);
      for (let at = element; at; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity);
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const box = range.getBoundingClientRect();
      if (box.width < 1 || box.bottom > innerHeight || box.right > innerWidth || box.top < 0 || box.left < 0) continue;
      const scale = element.getScreenCTM?.()?.a ?? 1;
      const size = Number.parseFloat(style.fontSize) * scale, bold = Number(style.fontWeight) >= 700;
      found.push({
        words: walker.currentNode.data, class: element.getAttribute("class") ?? element.tagName,
        colour: style.fill, opacity, least: size >= 24 || (bold && size >= 18.66) ? 3 : 4.5,
        box: { left: box.left, top: box.top, right: box.right, bottom: box.bottom },
      });
    }
    return found;
  }, inside);
  await page.evaluate(() => {
    const sheet = document.createElement("style");
    sheet.id = "no-texts";
    sheet.textContent = "svg text, svg tspan { visibility: hidden !important }";
    document.head.append(sheet);
  });
  const ground = await page.screenshot({ scale: "css" });
  await page.evaluate(() => document.getElementById("no-texts").remove());
  const dim = await page.evaluate(async ([ground, texts]) => {
    const { data, width } = await window.points(ground);
    return texts.flatMap(({ words, class: name, colour, opacity, least, box }) => {
      const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
      let all = 0, bad = 0, worst = 21;
      for (let y = Math.ceil(box.top) + 1; y < box.bottom - 1; y += 1) {
        for (let x = Math.ceil(box.left); x < box.right; x += 1) {
          const at = (y * width + x) * 4, under = [data[at], data[at + 1], data[at + 2]];
          const over = [r, g, b].map((v, i) => v * opacity + under[i] * (1 - opacity));
          const ratio = window.contrast(window.luminance(...over), window.luminance(...under));
          all += 1;
          if (ratio < least) bad += 1;
          worst = Math.min(worst, ratio);
        }
      }
      return all && bad / all > 0.2 ? [`.${name} “${words}”: ${worst.toFixed(2)} on ${((100 * bad) / all).toFixed(0)} %`] : [];
    });
  }, [ground.toString("base64"), texts]);
  return { count: texts.length, dim };
}
