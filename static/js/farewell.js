// Goes on as soon as every frame has loaded, or after five seconds: an app that does not answer holds nobody up.
"use strict";
(function () {
  var gone = false;
  function go() {
    if (!gone) {
      gone = true;
      window.location.replace(document.getElementById("continue").href);
    }
  }
  window.addEventListener("load", go);
  window.setTimeout(go, 5000);
})();
