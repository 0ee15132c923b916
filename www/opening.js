// Before the first paint, so that the page never flashes in another form.
(function () {
  var root = document.documentElement, query = new URLSearchParams(location.search);
  ["theme", "terms", "motion"].forEach(function (name) {
    var value = query.get(name);
    try { value = value || localStorage.getItem("onechef." + name); } catch (refused) {}
    if (/^[a-z]+$/.test(value || "")) root.dataset[name] = value;
    // Whoever comes for the first time, and by no link to a moment.
    else if (name === "terms" && /^(#tour.*)?$/.test(location.search + location.hash)) root.dataset.terms = "kitchen";
  });
  // The words: English, and another language on top of it. Fetched while the
  // program is; asked for anew each time, since they belong to this program.
  var files = { en: "./text/en.txt", de: "./text/de.txt" }, fetched = {};
  function text(language) {
    return fetched[language] = fetched[language] || fetch(files[language], { cache: "no-cache" }).then(function (answer) {
      if (!answer.ok) throw new Error("HTTP " + answer.status);
      return answer.text();
    }).catch(function (why) {
      delete fetched[language];
      throw why;
    });
  }
  function wish() {
    var kept = null;
    try { kept = localStorage.getItem("onechef.lang"); } catch (refused) {}
    var own = (navigator.languages || []).map(function (tag) { return tag.slice(0, 2); });
    return query.get("lang") || kept || own.find(function (tag) { return files[tag]; }) || "en";
  }
  // Becomes [language, English, the other's words, what failed].
  window.onechefWords = function (asked) {
    var language = asked || wish(), known = Object.keys(files).indexOf(language) >= 0;
    var other = language === "en" ? "" : known ? text(language) : Promise.reject("?");
    return Promise.all([text("en"), Promise.resolve(other).then(function (words) {
      return [words, ""];
    }, function (why) {
      return ["", String(why.message || why)];
    })]).then(function (both) { return [language.slice(0, 20), both[0]].concat(both[1]); });
  };
  window.onechefWords().catch(function () {});
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
