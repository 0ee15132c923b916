// Before the first paint, so that the page never flashes in another form.
(function () {
  var root = document.documentElement, query = new URLSearchParams(location.search);
  ["theme", "terms", "motion"].forEach(function (name) {
    var value = query.get(name);
    try { value = value || localStorage.getItem("onechef." + name); } catch (refused) {}
    if (/^[a-z]+$/.test(value || "")) root.dataset[name] = value;
  });
  if (query.get("present") === "1") root.dataset.present = "";
  if (query.get("embed") !== "1") return;
  root.dataset.embed = "";
  // The element around the frame makes room for what is in it.
  addEventListener("DOMContentLoaded", function () {
    query.delete("embed");
    query.delete("play");
    var whole = document.getElementById("whole");
    var lead = function () { whole.href = "./?" + query + location.hash; };
    addEventListener("hashchange", lead);
    lead();
    new ResizeObserver(function () {
      parent.postMessage({ onechefHeight: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
    }).observe(document.body);
  });
})();
