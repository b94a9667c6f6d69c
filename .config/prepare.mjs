// Runs after every install. The top level of the repository holds no dot-files, so the folder that
// must never be committed ignores itself.
import { writeFileSync } from 'node:fs'

writeFileSync(new URL('../node_modules/.gitignore', import.meta.url), '*\n')
