// Judges the OpenAPI document on standard input: schema of the specification, references, path parameters.
import SwaggerParser from '@apidevtools/swagger-parser'

let text = ''
for await (const chunk of process.stdin) text += chunk
try {
  const api = await SwaggerParser.validate(JSON.parse(text))
  console.log('good', api.openapi, Object.keys(api.paths).length)
} catch (error) {
  console.log('bad', error.message.split('\n')[0])
}
