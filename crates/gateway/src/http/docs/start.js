const page = location.pathname.replace(/\/+$/, "");
SwaggerUIBundle({
  url: page.slice(0, page.lastIndexOf("/")) + "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
  validatorUrl: null,
});
