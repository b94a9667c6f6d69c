/** Mounts the chat. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { restoreAccent } from './accent.ts'
import { App } from './app.tsx'
import './style/identity.css'
import './style/page.css'
import './style/composer.css'
import './style/queue.css'
import './style/files.css'
import './style/message.css'
import './style/tool.css'
import './style/markdown.css'

restoreAccent()
createRoot(document.getElementById('app')!).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
)
