<#
.SYNOPSIS
    Takes Sealgate out of the way of Exchange Online's mail again: the roll-back of connect-online.ps1.
.DESCRIPTION
    Rules first, so that no mail is sent to a connector that is gone. Mail that Sealgate holds stays there.
#>
[CmdletBinding(SupportsShouldProcess)]
param()
$ErrorActionPreference = 'Stop'
foreach ($rule in 'Sealgate: outgoing mail', 'Sealgate: mail that comes back') {
    if (Get-TransportRule -Identity $rule -ErrorAction SilentlyContinue) { Remove-TransportRule -Identity $rule -Confirm:$false }
}
if (Get-OutboundConnector -Identity 'Sealgate out' -ErrorAction SilentlyContinue) { Remove-OutboundConnector -Identity 'Sealgate out' -Confirm:$false }
if (Get-InboundConnector -Identity 'Sealgate back' -ErrorAction SilentlyContinue) { Remove-InboundConnector -Identity 'Sealgate back' -Confirm:$false }
