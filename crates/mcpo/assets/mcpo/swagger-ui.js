// Starts Swagger UI. A file of its own, so that the page needs no inline script.
"use strict";
{
  const root = document.getElementById("swagger-ui");
  window.ui = SwaggerUIBundle({
    url: new URL(root.dataset.openapi, document.baseURI).href,
    domNode: root,
    layout: "BaseLayout",
    deepLinking: true,
    showExtensions: true,
    showCommonExtensions: true,
    // No badge of an outside validator.
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
}
