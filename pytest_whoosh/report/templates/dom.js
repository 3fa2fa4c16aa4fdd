"use strict";
/* Elements. Whatever they show is text: nothing here, and nothing that uses it, reads markup. */

const Dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  const ICONS = {
    alert: "M8 1.8 15 14H1L8 1.8ZM8 6v4M8 11.6v.8",
    back: "M10 3 5 8l5 5",
    clock: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4.5V8l2.5 1.8",
    cross: "M4 4l8 8M12 4l-8 8",
    file: "M4 1.5h5l3.5 3.5v9.5H4ZM9 1.5V5h3.5",
    image: "M1.5 3h13v10h-13ZM2 11.5 6 7.5l3 3 2-2 3 3M10.5 6.2a.6.6 0 1 0 .1 0",
    person: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14c.6-2.8 2.8-4 5.5-4s4.9 1.2 5.5 4",
    sound: "M2 6v4h3l4 3.5V2.5L5 6ZM11.5 5.5c1.3 1.3 1.3 3.7 0 5",
    tick: "M3 8.5 6.5 12 13 4.5",
    ticks: "M1 8.5 4.5 12 11 4.5M7.5 11 8.5 12 15 4.5",
    video: "M1.5 4h9v8h-9ZM10.5 7l4-2.5v7l-4-2.5",
  };

  /* Makes an element: its attributes, listeners (onclick) and class by name; then what it holds, texts or nodes. */
  function make(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
  }

  /* A link out of the page; only to the web, for an address may come from an app. */
  function link(url, text = url) {
    const leads = /^https?:\/\//i.test(url);
    return leads ? make("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text) : make("span", {}, text);
  }

  /* Text of any direction, which does not turn what stands around it. */
  function foreign(text, properties = {}) {
    return make("bdi", properties, text);
  }

  function count(number, one, many = `${one}s`) {
    return `${number.toLocaleString("en-GB")} ${number === 1 ? one : many}`;
  }

  /* A part that is made when it is first opened. */
  function unfolding(summary, fill, properties = {}) {
    const details = make("details", properties, summary);
    const build = () => {
      if (details.childElementCount === 1) details.append(fill());
    };
    details.addEventListener("toggle", () => details.open && build());
    details.unfold = () => {
      build();
      details.open = true;
    };
    return details;
  }

  /* A button that copies a text and says so. */
  function copier(text, label) {
    const button = make("button", { type: "button", class: "quiet copy", "aria-label": `Copy ${label}` }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Select the text and copy it";
      }
    });
    return button;
  }

  return { make, icon, link, foreign, count, unfolding, copier };
})();
