// Starts Redoc. A file of its own, so that the page needs no inline script.
"use strict";
{
  const root = document.getElementById("redoc");
  const system = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
  const options = {
    theme: {
      typography: { fontFamily: system, headings: { fontFamily: system }, code: { fontFamily: "ui-monospace, Consolas, monospace" } },
    },
  };
  Redoc.init(new URL(root.dataset.openapi, document.baseURI).href, options, root);
}
