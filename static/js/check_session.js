// The OP iframe of OpenID Connect Session Management 1.0, section 3: an app's page sends "client_id session_state", and
// hears whether that still is the state of this browser. ES5 and a SHA-256 of its own: it must run wherever an app runs,
// also where the browser has no Web Crypto for it (plain http).
"use strict";
(function () {
  var ROUNDS = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
    0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
    0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2
  ];
  var START = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
  ];
  var DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  function turn(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  // The bytes of a text in UTF-8.
  function bytesOf(text) {
    var plain = unescape(encodeURIComponent(text));
    var bytes = [];
    for (var i = 0; i < plain.length; i++) {
      bytes.push(plain.charCodeAt(i));
    }
    return bytes;
  }

  // FIPS 180-4, 6.2.
  function sha256(bytes) {
    var length = bytes.length * 8;
    bytes = bytes.concat([0x80]);
    while (bytes.length % 64 !== 56) {
      bytes.push(0);
    }
    bytes.push(0, 0, 0, 0, (length >>> 24) & 255, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
    var state = START.slice();
    for (var at = 0; at < bytes.length; at += 64) {
      block(state, bytes, at);
    }
    var out = [];
    for (var i = 0; i < 8; i++) {
      out.push((state[i] >>> 24) & 255, (state[i] >>> 16) & 255, (state[i] >>> 8) & 255, state[i] & 255);
    }
    return out;
  }

  function block(state, bytes, at) {
    var words = [];
    var i;
    for (i = 0; i < 64; i++) {
      if (i < 16) {
        var b = at + i * 4;
        words[i] = (bytes[b] << 24) | (bytes[b + 1] << 16) | (bytes[b + 2] << 8) | bytes[b + 3];
      } else {
        var x = words[i - 15];
        var y = words[i - 2];
        var low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
        var high = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
        words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
      }
    }
    var v = state.slice();
    for (i = 0; i < 64; i++) {
      var s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25);
      var choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      var first = (v[7] + s1 + choice + ROUNDS[i] + words[i]) | 0;
      var s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22);
      var majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
      v = [(first + s0 + majority) | 0, v[0], v[1], v[2], (v[3] + first) | 0, v[4], v[5], v[6]];
    }
    for (i = 0; i < 8; i++) {
      state[i] = (state[i] + v[i]) | 0;
    }
  }

  // Without padding (RFC 7515, section 2).
  function base64url(bytes) {
    var text = "";
    for (var i = 0; i < bytes.length; i += 3) {
      var three = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
      text += DIGITS.charAt(three >>> 18) + DIGITS.charAt((three >>> 12) & 63);
      if (i + 1 < bytes.length) {
        text += DIGITS.charAt((three >>> 6) & 63);
      }
      if (i + 2 < bytes.length) {
        text += DIGITS.charAt(three & 63);
      }
    }
    return text;
  }

  // The browser state; nobody being signed in is the empty one.
  function browserState(name) {
    var cookies = document.cookie.split(";");
    for (var i = 0; i < cookies.length; i++) {
      var cookie = cookies[i].replace(/^\s+/, "");
      if (cookie.indexOf(name + "=") === 0) {
        return cookie.substring(name.length + 1);
      }
    }
    return "";
  }

  function answer(message, origin, name) {
    var parts = typeof message === "string" ? message.split(" ") : [];
    var dot = parts.length === 2 ? parts[1].lastIndexOf(".") : -1;
    if (dot < 1 || !parts[0]) {
      return "error";
    }
    var salt = parts[1].substring(dot + 1);
    var text = parts[0] + " " + origin + " " + browserState(name) + " " + salt;
    return base64url(sha256(bytesOf(text))) + "." + salt === parts[1] ? "unchanged" : "changed";
  }

  var name = document.documentElement.getAttribute("data-cookie");
  window.addEventListener("message", function (event) {
    // An origin that has none of its own cannot be answered to.
    if (event.source && event.origin && event.origin !== "null") {
      event.source.postMessage(answer(event.data, event.origin, name), event.origin);
    }
  });
})();
