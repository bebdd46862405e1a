import { renderTextPanelMarkdown } from '@grafana/data'
import { type Drawing, option } from './drawing.ts'

/** Text in Markdown; it is cleaned of scripts before it is shown. */
export function TextPanel({ panel, height }: Drawing) {
  const html = renderTextPanelMarkdown(option(panel, 'content', ''))
  return (
    <div className="scrolls" style={{ height }}>
      {/* biome-ignore lint/security/noDangerouslySetInnerHtml: cleaned by the line above */}
      <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />
    </div>
  )
}
