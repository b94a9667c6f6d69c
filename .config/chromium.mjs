// The Chromium that the browser tests run in: finds one, and when run as a script gets one where none is found.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { env, exit, getuid, platform } from 'node:process'

const require = createRequire(import.meta.url)
const isRoot = getuid?.() === 0

/** Where browsers of the Chromium family are usually installed on this system, most Chromium-like first. */
function systemPaths() {
  if (platform === 'darwin') {
    const apps = ['Chromium', 'Google Chrome', 'Microsoft Edge', 'Brave Browser']
    return apps.map((app) => `/Applications/${app}.app/Contents/MacOS/${app}`)
  }
  if (platform === 'win32') {
    const roots = [env.LOCALAPPDATA, env.PROGRAMFILES, env['PROGRAMFILES(X86)']].filter(Boolean)
    const files = [
      'Chromium/Application/chrome.exe',
      'Google/Chrome/Application/chrome.exe',
      'Microsoft/Edge/Application/msedge.exe',
    ]
    return files.flatMap((file) => roots.map((root) => join(root, file)))
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']
  return names.flatMap((name) => [`/usr/bin/${name}`, `/usr/local/bin/${name}`, `/snap/bin/${name}`])
}

/** The browser that Playwright downloaded for itself, whether or not the file is there. */
function playwrightPath() {
  try {
    return require('playwright-core').chromium.executablePath()
  } catch {
    return undefined
  }
}

/** Whether `path` is a browser that starts: on some systems the file is there but only points at a package store. */
function runs(path) {
  if (!path || !existsSync(path)) return false
  if (platform === 'win32') return true // chrome.exe --version opens a window there
  return spawnSync(path, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0
}

/**
 * The path of a Chromium that starts, or undefined: the one that CHROMIUM_PATH names, else Playwright's own, else one
 * that the system has.
 */
export function findChromium(paths = systemPaths()) {
  if (env.CHROMIUM_PATH) return runs(env.CHROMIUM_PATH) ? env.CHROMIUM_PATH : undefined
  return [playwrightPath(), ...paths].find(runs)
}

/** Playwright launch options for it, quiet on the network and usable as root. */
export function launchOptions() {
  const flags = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']
  const args = [...flags, '--disable-component-update', '--disable-sync']
  return { executablePath: findChromium(), args: isRoot ? ['--no-sandbox', ...args] : args }
}

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** Runs a command with its progress shown; of what it complains about, one line when it fails. */
function run(command, args, more = {}) {
  console.log(`> ${command} ${args.join(' ')}`)
  const options = { stdio: ['ignore', 'inherit', 'pipe'], encoding: 'utf8', env: { ...env, ...more } }
  const { status, stderr, error } = spawnSync(command, args, options)
  const complaint = /^(?:E|Error): .*/m.exec(stderr ?? '')?.[0] ?? error?.message ?? `exit code ${status}`
  if (status !== 0) console.log(`  failed: ${complaint}`)
  return status === 0
}

/** The ways to get a browser, tried in turn. */
function* install() {
  const debian = isRoot && platform === 'linux' && has('apt-get')
  if (debian) {
    const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
    yield (
      run('apt-get', ['update', '-qq'], quiet) &&
        run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-liberation'], quiet)
    )
  }
  const cli = join(dirname(require.resolve('playwright-core/package.json')), 'cli.js')
  const patience = { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' }
  if (debian) yield run(process.execPath, [cli, 'install', '--no-shell', '--with-deps', 'chromium'], patience)
  yield run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], patience)
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  let path = findChromium()
  if (!path && !env.CHROMIUM_PATH) {
    console.log('No Chromium found; getting one for the browser tests.')
    for (const _ of install()) {
      path = findChromium()
      if (path) break
    }
  }
  if (!path) {
    const wrong = env.CHROMIUM_PATH
      ? `CHROMIUM_PATH (${env.CHROMIUM_PATH}) does not start`
      : 'No Chromium could be installed'
    console.error(`${wrong}: install Chrome or Chromium, or set CHROMIUM_PATH to the path of one, and run this again.`)
    exit(1)
  }
  console.log(`Chromium for the browser tests: ${path}`)
}
