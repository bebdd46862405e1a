import { Component, type ReactNode } from 'react'

interface State {
  readonly trouble?: string
}

/** A panel that cannot be drawn says why, and leaves the others alone. */
export class PanelBoundary extends Component<{ readonly children: ReactNode }, State> {
  override state: State = {}

  static getDerivedStateFromError(error: Error): State {
    return { trouble: error.message }
  }

  override render() {
    const { trouble } = this.state
    if (trouble === undefined) return this.props.children
    return (
      <div className="trouble" data-state="error">
        {trouble}
      </div>
    )
  }
}
