import {CommandHelp, Help} from '@oclif/core'

/** oclif compiles every line of help as a template; few are one. */
class QuickCommandHelp extends CommandHelp {
  constructor(...given: ConstructorParameters<typeof CommandHelp>) {
    super(...given)
    this.render = onlyTemplates(this.render)
  }
}

/** oclif's help, at half its price. */
export class QuickHelp extends Help {
  protected override CommandHelpClass = QuickCommandHelp

  constructor(...given: ConstructorParameters<typeof Help>) {
    super(...given)
    this.render = onlyTemplates(this.render)
  }
}

function onlyTemplates(render: (text: string) => string): (text: string) => string {
  return (text) => (text.includes('<%') ? render(text) : text)
}
