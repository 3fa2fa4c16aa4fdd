"use strict";
/* The run: read, and its tests as the page needs them; what each is found by. */

const Runs = (() => {
  const FAILURES = ["failed", "error"];

  /* The run in an element: JSON, which is compressed if it is long. */
  async function read(element) {
    if (element.type === "application/json") return JSON.parse(element.textContent);
    const packed = element.textContent.trim();
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function prepare(test, place) {
    const [path, ...names] = test.id.split("::");
    const all = (what) => (test.doubles || []).flatMap((double) => double[what] || []);
    return {
      ...test,
      place,
      path,
      name: names.join(" › ") || path,
      messages: all("messages").length,
      refused: all("calls").filter(Conversations.refused).length,
      broken: all("calls").filter(Conversations.broken).length,
      lost: all("messages").filter(({ status }) => status === "failed" || status === "undelivered").length,
      unanswered: all("webhooks").filter(Timelines.failed).length,
      /* Most tests mount no app on purpose. Only of a failed test it may be the reason. */
      undelivered: FAILURES.includes(test.outcome) ? all("webhooks").filter(Timelines.undelivered).length : 0,
    };
  }

  /* All that a test is found by, made when it is first searched for. */
  function haystack(test) {
    if (test.haystack === undefined) {
      const words = [test.id, test.outcome];
      for (const double of test.doubles || []) {
        for (const message of double.messages || []) {
          words.push(message.from || "", message.to || "", message.body || "");
          if (message.error) words.push(`${message.error.code} ${message.error.title || ""}`);
        }
        for (const call of double.calls || []) if (call.code) words.push(`${call.code} ${call.title || ""} ${call.posted || ""}`);
      }
      test.haystack = words.join("\n").toLowerCase();
    }
    return test.haystack;
  }

  const failed = (test) => FAILURES.includes(test.outcome);

  /* The tests of a run, in its order: failures first. */
  const testsOf = (run) => (run.tests || []).map(prepare);

  /* The words that are searched for; a phone number may be written in any way. */
  function termsOf(text) {
    const query = text.trim().toLowerCase();
    const digits = query.replace(/[^\d]/g, "");
    if (/^[+\d\s().-]+$/.test(query) && digits.length >= 7) return [digits];
    return query.split(/\s+/).filter(Boolean);
  }

  const fits = (test, terms) => terms.every((term) => haystack(test).includes(term));

  return { read, testsOf, failed, termsOf, fits };
})();
