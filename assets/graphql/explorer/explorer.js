/** A small page to try operations with. The tab token lives as long as the tab, the access token as the page. */
const byId = (id) => document.getElementById(id)
const TAB_KEY = 'gatehouse.tab'
const FIRST_QUERY =
  '{\n  auth {\n    sessionId\n    clientId\n    authorized\n    user { username displayName }\n  }\n}\n'
let socket = null

function headers() {
  const tab = sessionStorage.getItem(TAB_KEY)
  const token = byId('token').value.trim()
  return {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json',
    ...(tab ? { 'session-id': tab } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  }
}

async function ask(body) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: headers(),
    body: JSON.stringify(body),
  })
  return response.json()
}

async function run() {
  stop()
  let variables
  try {
    variables = JSON.parse(byId('variables').value || '{}')
  } catch {
    show('The variables are not JSON.')
    return
  }
  const query = byId('query').value
  if (/^\s*subscription\b/m.test(query)) {
    subscribe({ query, variables })
    return
  }
  byId('state').textContent = 'asking …'
  try {
    const answer = await ask({ query, variables })
    keepTab(answer)
    show(answer)
  } catch (error) {
    show(String(error))
  }
  byId('state').textContent = ''
}

function subscribe(payload) {
  const url = new URL('/graphql', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const tab = sessionStorage.getItem(TAB_KEY)
  const accessToken = byId('token').value.trim()
  const init = { ...(tab ? { 'Session-ID': tab } : {}), ...(accessToken ? { accessToken } : {}) }
  socket = new WebSocket(url, 'graphql-transport-ws')
  byId('stop').disabled = false
  byId('state').textContent = 'listening …'
  socket.addEventListener('open', () => send({ type: 'connection_init', payload: init }))
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === 'connection_ack') send({ type: 'subscribe', id: '1', payload })
    else if (message.type === 'ping') send({ type: 'pong' })
    else if (message.payload) {
      keepTab(message.payload)
      show(message.payload)
    }
  })
  socket.addEventListener('close', ({ code, reason }) => {
    byId('stop').disabled = true
    byId('state').textContent = `closed ${code} ${reason}`
  })
}

function send(message) {
  socket?.send(JSON.stringify(message))
}

function stop() {
  socket?.close(1000)
  socket = null
}

function keepTab(answer) {
  const token = answer?.data?.auth?.sessionId
  if (token) sessionStorage.setItem(TAB_KEY, token)
}

function show(value) {
  byId('result').textContent = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

const SCHEMA_QUERY = `query Schema { __schema { types { kind name description
  fields { name description args { name type { ...T } } type { ...T } }
  inputFields { name type { ...T } } enumValues { name } } } }
fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }`

async function showSchema() {
  const { data } = await ask({ query: SCHEMA_QUERY }).catch(() => ({ data: null }))
  const types = data?.__schema.types.filter(({ name }) => !name.startsWith('__')) ?? []
  byId('schema').textContent = types.map(printType).filter(Boolean).join('\n\n')
}

function printType({ kind, name, fields, enumValues }) {
  if (kind === 'ENUM') return `enum ${name} { ${enumValues.map((one) => one.name).join(' ')} }`
  if (!fields) return ''
  return `type ${name} {\n${fields.map(printField).join('\n')}\n}`
}

function printField({ name, args, type, description }) {
  const list = args.map((arg) => `${arg.name}: ${nameOf(arg.type)}`).join(', ')
  const note = description ? `  # ${description.split('\n')[0]}\n` : ''
  return `${note}  ${name}${list ? `(${list})` : ''}: ${nameOf(type)}`
}

function nameOf(type) {
  if (type.kind === 'NON_NULL') return `${nameOf(type.ofType)}!`
  return type.kind === 'LIST' ? `[${nameOf(type.ofType)}]` : type.name
}

byId('query').value = FIRST_QUERY
byId('run').addEventListener('click', run)
byId('stop').addEventListener('click', stop)
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void run()
})
void showSchema()
