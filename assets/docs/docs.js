/** Shows the API document of this server. No validator: nothing of it leaves the origin. */
window.ui = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  validatorUrl: null,
})
