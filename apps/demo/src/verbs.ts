/** What messages may ask of the chat: objects that stay the same, so that no message renders because of them. */
import type { ChatResult } from '@completion-stream/react'
import { useMemo, useState } from 'react'
import type { CallAnswers } from './message/call-answer.tsx'
import type { Editor } from './message/user-message.tsx'

/** Which question is being worked on. */
export interface Editing {
  editedId: string | undefined
  setEditedId: (id: string | undefined) => void
  editor: Editor
}

/** @param jump shows the end of the conversation, where the answer is going to be */
export function useEditing({ edit }: ChatResult, jump: () => void): Editing {
  const [editedId, setEditedId] = useState<string>()
  const editor = useMemo(
    (): Editor => ({
      begin: setEditedId,
      cancel: () => setEditedId(undefined),
      save(id, text) {
        setEditedId(undefined)
        jump()
        void edit(id, text)
      },
    }),
    [edit, jump],
  )
  return { editedId, setEditedId, editor }
}

/** @param jump shows the end of the conversation, where the answer goes on */
export function useCallAnswers({ addToolApprovalResponse, addToolOutput }: ChatResult, jump: () => void): CallAnswers {
  return useMemo(
    (): CallAnswers => ({
      approve(toolCallId, approved) {
        jump()
        void addToolApprovalResponse({ toolCallId, approved })
      },
      choose(toolCallId, option) {
        jump()
        void addToolOutput({ toolCallId, output: option })
      },
      skip: (toolCallId) => void addToolOutput({ toolCallId, error: 'None of these was chosen.' }),
    }),
    [addToolApprovalResponse, addToolOutput, jump],
  )
}
