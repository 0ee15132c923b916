// The page without a network: once seen, it opens again. The page itself comes
// from the network while there is one; all that it names carries its contents'
// digest in its own name, so a kept copy is never an old one.
const KEPT = "onechef";

/** Keeps the page and all that it names, and drops what it no longer names. */
async function keep(page) {
  const html = await page.clone().text();
  // With or without quotes: what is published is minified.
  const named = [...html.matchAll(/["'`=](\.\/[\w./-]+\.(?:js|css|wasm|svg|txt))(?=["'`\s>])/g)];
  const wanted = new Set(named.map((match) => new URL(match[1], registration.scope).href));
  const kept = await caches.open(KEPT);
  for (const request of await kept.keys()) {
    // Words have no digest in their names: they are kept anew with their page.
    if (request.url.endsWith(".txt") && wanted.has(request.url)) continue;
    if (!wanted.delete(request.url) && request.url !== registration.scope) await kept.delete(request);
  }
  await kept.addAll([...wanted].map((url) => new Request(url, { cache: "no-cache" })));
  await kept.put(registration.scope, page);
}

addEventListener("install", (event) => {
  const page = fetch("./", { cache: "no-cache" });
  event.waitUntil(page.then((page) => page.ok && keep(page)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const kept = caches.open(KEPT);
  const isPage = request.mode === "navigate" && url.href.replace(/(index\.html)?([?#].*)?$/, "") === registration.scope;
  if (isPage) {
    const page = fetch(request);
    const again = page.then((page) => page.ok && keep(page.clone())).catch(() => {});
    event.waitUntil(again);
    event.respondWith(page.catch(async () => (await kept).match(registration.scope)));
  } else if (/\.(js|css|wasm|svg)$/.test(url.pathname)) {
    event.respondWith(kept.then((kept) => kept.match(request)).then((found) => found || fetch(request)));
  } else if (url.pathname.endsWith(".txt")) {
    event.respondWith(fetch(request).catch(async () => (await kept).match(request)));
  }
});
