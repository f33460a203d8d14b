@echo off
rem The dapr command line of this repository, for Windows. Not yet run there.
rem Unlike ./dapr it has no stamp and no lock: `run` always asks the build, which takes some seconds when nothing changed.
setlocal
set "ROOT=%~dp0"
set "PROGRAM=%ROOT%artifacts\bin\Sidecar.Cli\release\dapr.dll"
set MSBUILDDISABLENODEREUSE=1
set UseSharedCompilation=false
where dotnet >nul 2>nul || goto install
if not exist "%PROGRAM%" goto build
if /i not "%~1"=="run" goto start
:build
pushd "%ROOT%"
dotnet --version >nul 2>nul || (popd & goto install)
popd
dotnet build "%ROOT%Dapr.slnf" -c Release -v quiet -clp:NoSummary -nologo || exit /b 1
:start
dotnet "%PROGRAM%" %*
exit /b %ERRORLEVEL%
:install
echo dapr: the .NET 10 SDK is needed: winget install Microsoft.DotNet.SDK.10 1>&2
exit /b 1
