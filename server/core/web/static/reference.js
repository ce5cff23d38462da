const place = document.getElementById("reference");
SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  docExpansion: "list",
  supportedSubmitMethods: ["get"],
  validatorUrl: null,
});
