// The HTTP client of the vendor's samples: sends what the SDK has for Twilio's hosts to another URL.
import RequestClient from "twilio/lib/base/RequestClient.js";

export class CustomRequestClient extends RequestClient {
  constructor(url) {
    super();
    this.url = url;
  }

  request(options) {
    const { pathname, search } = new URL(options.uri);
    return super.request({ ...options, uri: this.url + pathname + search });
  }
}
