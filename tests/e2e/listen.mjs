// What a screen reader has of the page: Chromium's accessibility tree in
// reading order. `npm run listen` prints a scenario and a chapter, as heard.

import { pathToFileURL } from "node:url";
import { DESKTOP, open } from "./browser.mjs";
import { Reader } from "./reader.mjs";

const SILENT = /^(none|generic|StaticText|InlineTextBox|RootWebArea|ListMarker|LineBreak|paragraph|strong|emphasis|code|LabelText|LayoutTable.*|rowgroup|term|definition|DescriptionList.*|superscript|subscript|Legend|SvgRoot)$/;

/** The tree as lines: role, name, value, and what else is said of it. */
export async function heard(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const by = new Map(nodes.map((node) => [node.nodeId, node]));
  const lines = [];
  const walk = (node, depth) => {
    const role = node.role?.value ?? "";
    const told = !node.ignored && !SILENT.test(role);
    if (told) {
      const states = (node.properties ?? [])
        .filter(({ name }) => /^(checked|pressed|expanded|selected|disabled|level|valuetext|invalid|live|focused)$/.test(name))
        .map(({ name, value }) => [name, value.value])
        .filter(([, value]) => value !== "" && value !== false && value !== "false" && value !== undefined);
      lines.push({
        depth, role, name: node.name?.value ?? "", value: node.value?.value,
        description: node.description?.value ?? "", states: Object.fromEntries(states),
      });
    } else if (!node.ignored && role === "StaticText" && node.name?.value.trim()) {
      lines.push({ depth, role: "text", name: node.name.value, description: "", states: {} });
    }
    for (const id of node.childIds ?? []) if (by.has(id)) walk(by.get(id), depth + (told ? 1 : 0));
  };
  walk(nodes[0], 0);
  return lines;
}

/** All that the polite region says, from now on, in `window.spoken`. */
export async function overhear(page) {
  await page.evaluate(() => {
    window.spoken = [];
    const live = document.getElementById("live");
    new MutationObserver(() => window.spoken.push(live.textContent)).observe(live, { childList: true, characterData: true, subtree: true });
  });
}

async function print() {
  const { browser, base, close } = await open();
  const page = await browser.newPage({ viewport: DESKTOP, reducedMotion: "reduce" });
  const reader = new Reader(page, base);
  await reader.open("/");
  for (const { depth, role, name, value, states } of await heard(page)) {
    if (role === "text") continue;
    console.log(`${"  ".repeat(depth)}${role} “${name.slice(0, 200)}”${value === undefined ? "" : ` = ${value}`} ${Object.keys(states).length ? JSON.stringify(states) : ""}`);
  }
  await overhear(page);
  await reader.enterPlayer();
  await reader.walk("ArrowRight");
  await page.evaluate(() => (location.hash = "#tour/one-chef/1"));
  for (let step = 1; step < 8; step += 1) {
    await reader.settled();
    await page.locator("#tour .walk .pri").click();
  }
  await reader.settled();
  console.log((await page.evaluate(() => window.spoken)).join("\n"));
  await close();
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await print();
