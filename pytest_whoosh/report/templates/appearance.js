"use strict";
/* How the page looks: light or dark, bodies whole or in segments. Kept for the next visit where the browser allows. */

const Appearance = (() => {
  const THEMES = ["auto", "light", "dark"];
  const root = document.documentElement;

  function recall(name) {
    try {
      return localStorage.getItem(`whoosh-${name}`);
    } catch {
      return null;
    }
  }

  function keep(name, value) {
    try {
      localStorage.setItem(`whoosh-${name}`, value);
    } catch {
      // A page from disk may have no storage.
    }
  }

  function theme(value) {
    const chosen = THEMES.includes(value) ? value : "auto";
    root.dataset.theme = chosen;
    for (const input of document.querySelectorAll("input[name=theme]")) input.checked = input.value === chosen;
    keep("theme", chosen);
  }

  function segments(on) {
    root.classList.toggle("show-segments", on);
    document.getElementById("segments").setAttribute("aria-pressed", String(on));
    keep("segments", on ? "yes" : "no");
  }

  const toggleSegments = () => segments(!root.classList.contains("show-segments"));

  function start() {
    theme(recall("theme"));
    segments(recall("segments") === "yes");
    for (const input of document.querySelectorAll("input[name=theme]")) {
      input.addEventListener("change", () => theme(input.value));
    }
    document.getElementById("segments").addEventListener("click", toggleSegments);
  }

  return { start, toggleSegments };
})();
