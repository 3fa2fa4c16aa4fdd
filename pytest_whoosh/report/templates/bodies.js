"use strict";
/* The text of a message: cut into segments where asked, with the characters marked that force UCS-2. */

const Bodies = (() => {
  const { make } = Dom;
  /* With so many listed there may be more, and marking some of them would mislead. */
  const LISTED = 10;

  const named = ([character, name, alike]) => (alike ? `${name}; in GSM-7: ${alike}` : name);

  function marker(forced) {
    if (forced.length === 0 || forced.length >= LISTED) return null;
    const characters = forced.map(([character]) => character).sort((one, other) => other.length - one.length);
    const escaped = characters.map((each) => each.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"));
    return new RegExp(`(?:${escaped.join("|")})+`, "g");
  }

  /* A text, with runs of forcing characters in <mark>. */
  function marked(text, pattern, forced) {
    if (!pattern) return [text];
    const nodes = [];
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const names = forced.filter(([character]) => match[0].includes(character)).map(named);
      nodes.push(text.slice(end, match.index), make("mark", { title: `Forces UCS-2: ${names.join(", ")}` }, match[0]));
      end = match.index + match[0].length;
    }
    nodes.push(text.slice(end));
    return nodes;
  }

  /* The body as an element. The cuts are offsets in UTF-16 units, as JavaScript counts. */
  function render(message) {
    const body = message.body || "";
    const forced = message.forced || [];
    const pattern = marker(forced);
    const starts = [0, ...(message.cuts || [])];
    const element = make("div", { class: "body", dir: "auto" });
    starts.forEach((start, index) => {
      const text = body.slice(start, starts[index + 1]);
      const label = starts.length > 1 ? `Segment ${index + 1} of ${starts.length}` : null;
      element.append(make("span", { class: "segment", "data-label": label }, marked(text, pattern, forced)));
    });
    return element;
  }

  /* What forces UCS-2, one line for each character. */
  function forcing(message) {
    const forced = message.forced || [];
    if (forced.length === 0) return null;
    const rows = forced.map(([character, name, alike]) =>
      make(
        "li",
        {},
        Dom.foreign(character, { class: "character" }),
        ` ${name}`,
        alike ? [" ", make("span", { class: "alike" }, "use ", make("kbd", {}, alike.trim() || "space"))] : null,
      ),
    );
    if (forced.length >= LISTED) rows.push(make("li", { class: "muted" }, "and maybe others"));
    return make("ul", { class: "forcing" }, rows);
  }

  return { render, forcing };
})();
