"use strict";
/* The server, from the live page: its control API, and the news that it sends. */

const Server = (() => {
  /* The milliseconds between two requests if the stream of changes does not work. */
  const POLL = 2000;

  async function ask(path, document) {
    const options = document && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(document),
    };
    const response = await fetch(`/_whoosh/${path}`, options);
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  }

  /* Calls told() with what time it is whenever anything changes, and with nothing where only that may be; calls lost()
     when news fail to come. */
  function follow(told, lost) {
    let polling = null;
    const poll = () => (polling ??= setInterval(told, POLL));
    if (!window.EventSource) {
      poll();
      return;
    }
    const source = new EventSource("/_whoosh/events");
    source.addEventListener("message", (event) => told(JSON.parse(event.data)));
    source.addEventListener("open", () => {
      clearInterval(polling);
      polling = null;
      told();
    });
    source.addEventListener("error", () => {
      lost();
      poll();
    });
  }

  return { ask, follow };
})();
