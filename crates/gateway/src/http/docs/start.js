const { document: path } = document.getElementById("swagger-ui").dataset;
SwaggerUIBundle({
  // Whole: a page that was opened as https://name:key@host/ may not fetch by a path, which takes the key along.
  url: location.origin + path,
  dom_id: "#swagger-ui",
  deepLinking: true,
  // The only model is that of errors.
  defaultModelsExpandDepth: -1,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
});
